using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>GPT-NeoX and Pythia (Black et al. 2022; Biderman et al. 2023): parallel parts with a norm each, partial rotation, queries, keys and values interleaved head by head.</summary>
internal static class GptNeoX
{
    private const double UsualPart = 0.25;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GPTNeoXForCausalLM", "gpt_neox", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int heads = config.Size(Limits.Width, "num_attention_heads");
        int dHead = HeadShape.Divide(config, "num_attention_heads", heads, "hidden_size", dModel);
        int context = config.Size(Limits.Context, "max_position_embeddings");

        LayerConfig all = new()
        {
            AttentionScale = 1 / Math.Sqrt(dHead),
            Rotary = RotaryScaling.Read(config, RotaryScaling.RotatedWidth(config, dHead, UsualPart), context),
        };
        return new NetworkConfig
        {
            Architecture = "GPTNeoXForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.Size(Limits.Width, "intermediate_size"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = (int)Math.Min(Limits.Context, context * RotaryScaling.Reach(config)),
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_eps"),
            Positions = PositionKind.Rotary,
            Block = config.Flag("use_parallel_residual", absent: true) ? BlockKind.Parallel : BlockKind.Sequential,
            Activation = ActivationNames.Read(config, "hidden_act"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: false),
            LayerConfigs = [.. Enumerable.Repeat(all, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        bool attentionBias = config.Flag("attention_bias", absent: true);
        int[][] parts = [.. Enumerable.Range(0, 3).Select(part => FusedProjection.OfHeads(network.Heads, 3, part, network.DHead))];
        WeightMatrix embedding = weights.Matrix("gpt_neox.embed_in.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"gpt_neox.layers.{layer}";
            LinearWeights fused = weights.Linear($"{name}.attention.query_key_value", 3 * dModel, dModel, attentionBias);
            AttentionWeights attention = new(
                fused.Select(parts[0]),
                fused.Select(parts[1]),
                fused.Select(parts[2]),
                weights.Linear($"{name}.attention.dense", dModel, dModel, attentionBias));
            MlpWeights mlp = new(
                weights.Linear($"{name}.mlp.dense_h_to_4h", network.DMlp, dModel, bias: true),
                weights.Linear($"{name}.mlp.dense_4h_to_h", dModel, network.DMlp, bias: true));
            blocks[layer] = new BlockWeights(attention, mlp)
            {
                AttentionNorm = weights.Norm($"{name}.input_layernorm", dModel, bias: true),
                MlpNorm = weights.Norm($"{name}.post_attention_layernorm", dModel, bias: true),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("embed_out.weight", network, embedding))
        {
            FinalNorm = weights.Norm("gpt_neox.final_layer_norm", dModel, bias: true),
        };
        weights.Finish("rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias");
        return result;
    }
}
