using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>GPT-2 (Radford et al. 2019): learned positions, LayerNorm, weights stored [inputs, outputs], queries, keys and values side by side.</summary>
internal static class Gpt2
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GPT2LMHeadModel", "gpt2", config => Configure(config, "GPT2LMHeadModel"), Map);

    /// <summary>Reads the keys that StarCoder 1 shares.</summary>
    internal static NetworkConfig Configure(ConfigReader config, string architecture)
    {
        int layers = config.Size(Limits.Layers, "n_layer");
        int dModel = config.Size(Limits.Width, "n_embd");
        int heads = config.Size(Limits.Width, "n_head");
        int dHead = HeadShape.Divide(config, "n_head", heads, "n_embd", dModel);
        if (config.Flag("add_cross_attention", absent: false))
        {
            throw config.Fault("add_cross_attention", "true", "only decoders without an encoder are supported");
        }

        double scale = config.Flag("scale_attn_weights", absent: true) ? 1 / Math.Sqrt(dHead) : 1;
        bool byLayer = config.Flag("scale_attn_by_inverse_layer_idx", absent: false);
        return new NetworkConfig
        {
            Architecture = architecture,
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.OptionalSize(Limits.Width, "n_inner") ?? (4 * dModel),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Vocabulary, "n_positions", "n_ctx"),
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_epsilon"),
            Positions = PositionKind.Learned,
            Activation = ActivationNames.Read(config, "activation_function"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Range(0, layers).Select(layer => new LayerConfig { AttentionScale = byLayer ? scale / (layer + 1) : scale })],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        string root = weights.Has("transformer.wte.weight") || !weights.Has("wte.weight") ? "transformer." : string.Empty;
        WeightMatrix embedding = weights.Matrix($"{root}wte.weight", network.Vocabulary, dModel);
        WeightMatrix positions = weights.Matrix($"{root}wpe.weight", network.Context, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"{root}h.{layer}";
            LinearWeights fused = Conv($"{name}.attn.c_attn", 3 * dModel, dModel);
            blocks[layer] = new BlockWeights(
                new AttentionWeights(Part(fused, 0), Part(fused, 1), Part(fused, 2), Conv($"{name}.attn.c_proj", dModel, dModel)),
                new MlpWeights(Conv($"{name}.mlp.c_fc", network.DMlp, dModel), Conv($"{name}.mlp.c_proj", dModel, network.DMlp)))
            {
                AttentionNorm = weights.Norm($"{name}.ln_1", dModel, bias: true),
                MlpNorm = weights.Norm($"{name}.ln_2", dModel, bias: true),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding))
        {
            Positions = positions,
            FinalNorm = weights.Norm($"{root}ln_f", dModel, bias: true),
        };
        weights.Finish(".attn.bias", ".attn.masked_bias");
        return result;

        LinearWeights Conv(string stem, int outputs, int inputs) => weights.Linear(stem, outputs, inputs, bias: true, transposed: true);

        LinearWeights Part(LinearWeights fused, int index) => fused.Rows(index * dModel, dModel);
    }
}
