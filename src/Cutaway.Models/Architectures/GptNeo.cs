using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>GPT-Neo (Black et al. 2021): scores that are not scaled, layers that see everything in turn with layers that see a window.</summary>
internal static class GptNeo
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GPTNeoForCausalLM", "gpt_neo", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int heads = config.Size(Limits.Width, "num_heads");
        bool[] local = LocalLayers(config, layers);
        int? window = local.Contains(true) ? config.Size(Limits.Context, "window_size") : null;
        return new NetworkConfig
        {
            Architecture = "GPTNeoForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = HeadShape.Divide(config, "num_heads", heads, "hidden_size", dModel),
            DMlp = config.OptionalSize(Limits.Width, "intermediate_size") ?? (4 * dModel),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_position_embeddings"),
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_epsilon"),
            Positions = PositionKind.Learned,
            Activation = ActivationNames.Read(config, "activation_function"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. local.Select(isLocal => new LayerConfig { AttentionScale = 1, Window = isLocal ? window : null })],
        };
    }

    private static bool[] LocalLayers(ConfigReader config, int layers)
    {
        if (config.OptionalTexts("attention_layers") is not { } kinds)
        {
            throw config.Fault("attention_layers", "nothing", "a list with global or local for each layer was expected");
        }

        return kinds.Count == layers
            ? [.. kinds.Select(kind => kind switch
            {
                "local" => true,
                "global" => false,
                _ => throw config.Fault("attention_layers", Quote.Name(kind), "known are global and local"),
            })]
            : throw config.Fault("attention_layers", $"a list of {kinds.Count}", $"'num_layers' is {layers}");
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        WeightMatrix embedding = weights.Matrix("transformer.wte.weight", network.Vocabulary, dModel);
        WeightMatrix positions = weights.Matrix("transformer.wpe.weight", network.Context, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"transformer.h.{layer}";
            blocks[layer] = new BlockWeights(
                new AttentionWeights(Square("q_proj", bias: false), Square("k_proj", bias: false), Square("v_proj", bias: false), Square("out_proj", bias: true)),
                new MlpWeights(
                    weights.Linear($"{name}.mlp.c_fc", network.DMlp, dModel, bias: true),
                    weights.Linear($"{name}.mlp.c_proj", dModel, network.DMlp, bias: true)))
            {
                AttentionNorm = weights.Norm($"{name}.ln_1", dModel, bias: true),
                MlpNorm = weights.Norm($"{name}.ln_2", dModel, bias: true),
            };

            LinearWeights Square(string part, bool bias) => weights.Linear($"{name}.attn.attention.{part}", dModel, dModel, bias);
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding))
        {
            Positions = positions,
            FinalNorm = weights.Norm("transformer.ln_f", dModel, bias: true),
        };
        weights.Finish(".attn.attention.bias", ".attn.attention.masked_bias");
        return result;
    }
}
