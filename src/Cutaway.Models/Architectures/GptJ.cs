using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>GPT-J (Wang and Komatsuzaki 2021): both parts read the block's input through one norm; part of each head is rotated in neighbouring pairs.</summary>
internal static class GptJ
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GPTJForCausalLM", "gptj", config => Configure(config, "GPTJForCausalLM"), (_, network, weights) => Map(network, weights, Separate));

    /// <summary>Reads the keys that CodeGen shares.</summary>
    internal static NetworkConfig Configure(ConfigReader config, string architecture)
    {
        int layers = config.Size(Limits.Layers, "n_layer");
        int dModel = config.Size(Limits.Width, "n_embd");
        int heads = config.Size(Limits.Width, "n_head");
        int dHead = HeadShape.Divide(config, "n_head", heads, "n_embd", dModel);
        int context = config.Size(Limits.Context, "n_positions");
        int rotated = config.OptionalSize(Limits.Width, "rotary_dim") ?? dHead;
        if (rotated > dHead || rotated % 2 != 0)
        {
            throw config.Fault("rotary_dim", rotated, $"an even number of at most the width of a head ({dHead}) was expected");
        }

        LayerConfig all = new()
        {
            AttentionScale = 1 / Math.Sqrt(dHead),
            Rotary = new RotaryConfig { Frequencies = RotaryScaling.Frequencies(10000, rotated), Interleaved = true },
        };
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
            Context = context,
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_epsilon"),
            Positions = PositionKind.Rotary,
            Block = BlockKind.ParallelSharedNorm,
            Activation = ActivationNames.Read(config, "activation_function"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: false),
            LayerConfigs = [.. Enumerable.Repeat(all, layers)],
        };
    }

    /// <summary>Finds the weights; how a block's queries, keys and values are stored is the family's.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="projections">Queries, keys and values of the attention of a name.</param>
    internal static NetworkWeights Map(NetworkConfig network, WeightReader weights, Func<NetworkConfig, WeightReader, string, (LinearWeights Query, LinearWeights Key, LinearWeights Value)> projections)
    {
        int dModel = network.DModel;
        WeightMatrix embedding = weights.Matrix("transformer.wte.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"transformer.h.{layer}";
            (LinearWeights query, LinearWeights key, LinearWeights value) = projections(network, weights, $"{name}.attn");
            blocks[layer] = new BlockWeights(
                new AttentionWeights(query, key, value, weights.Linear($"{name}.attn.out_proj", dModel, dModel, bias: false)),
                new MlpWeights(
                    weights.Linear($"{name}.mlp.fc_in", network.DMlp, dModel, bias: true),
                    weights.Linear($"{name}.mlp.fc_out", dModel, network.DMlp, bias: true)))
            {
                AttentionNorm = weights.Norm($"{name}.ln_1", dModel, bias: true),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding, "lm_head.bias"))
        {
            FinalNorm = weights.Norm("transformer.ln_f", dModel, bias: true),
        };
        weights.Finish(".attn.bias", ".attn.masked_bias", ".attn.causal_mask", "attn.embed_positions");
        return result;
    }

    private static (LinearWeights Query, LinearWeights Key, LinearWeights Value) Separate(NetworkConfig network, WeightReader weights, string name)
    {
        return (Projection("q_proj"), Projection("k_proj"), Projection("v_proj"));

        LinearWeights Projection(string part) => weights.Linear($"{name}.{part}", network.DModel, network.DModel, bias: false);
    }
}
