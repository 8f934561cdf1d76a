using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>What Llama and its descendants share: RMS norms, a gated MLP, rotary positions, and the names of keys and tensors.</summary>
internal static class GatedDecoder
{
    /// <summary>Sliding and full attention as <c>layer_types</c> names them.</summary>
    public const string Sliding = "sliding_attention", Full = "full_attention";

    /// <summary>Reads the keys that all share; rotation and windows are alike in all layers until a family says otherwise.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="architecture">The family's name.</param>
    /// <param name="tied">Whether embedding and unembedding are one where <c>tie_word_embeddings</c> is absent.</param>
    /// <param name="activation">The nonlinearity, or null to read <c>hidden_act</c>.</param>
    public static NetworkConfig Configure(ConfigReader config, string architecture, bool tied, ActivationKind? activation = null)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int context = config.Size(Limits.Context, "max_position_embeddings");
        HeadShape heads = HeadShape.Read(config, dModel);
        return new NetworkConfig
        {
            Architecture = architecture,
            Layers = layers,
            DModel = dModel,
            Heads = heads.Heads,
            KeyValueHeads = heads.KeyValueHeads,
            DHead = heads.Width,
            DMlp = config.Size(Limits.Width, "intermediate_size"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = context,
            Norm = NormKind.Rms,
            NormEpsilon = config.Positive("rms_norm_eps"),
            Positions = PositionKind.Rotary,
            Activation = activation ?? ActivationNames.Read(config, "hidden_act"),
            GatedMlp = true,
            TiedEmbedding = config.Flag("tie_word_embeddings", tied),
            LayerConfigs = [],
        };
    }

    /// <summary>The same rotation and scale in every layer; <paramref name="window"/> says what each may see.</summary>
    public static NetworkConfig WithLayers(this NetworkConfig network, ConfigReader config, Func<int, int?>? window = null, double? scale = null)
    {
        RotaryConfig rotary = RotaryScaling.Read(config, network.DHead, network.Context);
        LayerConfig all = new() { AttentionScale = scale ?? (1 / Math.Sqrt(network.DHead)), Rotary = rotary };
        return network with
        {
            Context = (int)Math.Min(Limits.Context, network.Context * RotaryScaling.Reach(config)),
            LayerConfigs = [.. Enumerable.Range(0, network.Layers).Select(layer => all with { Window = window?.Invoke(layer) })],
        };
    }

    /// <summary>Which layers slide: <c>layer_types</c>, or <paramref name="absent"/> where there is none.</summary>
    public static bool[] SlidingLayers(ConfigReader config, int layers, Func<int, bool> absent)
    {
        if (config.OptionalTexts("layer_types") is not { } types)
        {
            return [.. Enumerable.Range(0, layers).Select(absent)];
        }

        if (types.Count != layers)
        {
            throw config.Fault("layer_types", $"a list of {types.Count}", $"'num_hidden_layers' is {layers}");
        }

        return [.. types.Select(type => type switch
        {
            Sliding => true,
            Full => false,
            _ => throw config.Fault("layer_types", Quote.Name(type), $"known are {Sliding} and {Full}"),
        })];
    }

    /// <summary>Finds the weights under the names that all share.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="projectionBias">Whether queries, keys and values have biases.</param>
    /// <param name="outputBias">Whether attention's output has one.</param>
    /// <param name="mlpBias">Whether the MLP's projections have biases.</param>
    public static NetworkWeights Map(NetworkConfig network, WeightReader weights, bool projectionBias = false, bool outputBias = false, bool mlpBias = false)
    {
        int dModel = network.DModel;
        WeightMatrix embedding = weights.Matrix("model.embed_tokens.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"model.layers.{layer}";
            int queryWidth = network.Heads * network.DHead;
            int keyWidth = network.KeyValueHeads * network.DHead;
            AttentionWeights attention = new(
                weights.Linear($"{name}.self_attn.q_proj", queryWidth, dModel, projectionBias),
                weights.Linear($"{name}.self_attn.k_proj", keyWidth, dModel, projectionBias),
                weights.Linear($"{name}.self_attn.v_proj", keyWidth, dModel, projectionBias),
                weights.Linear($"{name}.self_attn.o_proj", dModel, queryWidth, outputBias))
            {
                QueryNorm = network.HeadNorms ? weights.Norm($"{name}.self_attn.q_norm", network.DHead, bias: false) : null,
                KeyNorm = network.HeadNorms ? weights.Norm($"{name}.self_attn.k_norm", network.DHead, bias: false) : null,
            };
            MlpWeights mlp = new(
                weights.Linear($"{name}.mlp.up_proj", network.DMlp, dModel, mlpBias),
                weights.Linear($"{name}.mlp.down_proj", dModel, network.DMlp, mlpBias),
                weights.Linear($"{name}.mlp.gate_proj", network.DMlp, dModel, mlpBias));
            NormWeights Norm(string norm) => weights.Norm($"{name}.{norm}", dModel, bias: false);
            blocks[layer] = new BlockWeights(attention, mlp)
            {
                AttentionNorm = Norm("input_layernorm"),
                AttentionPostNorm = network.PostNorms ? Norm("post_attention_layernorm") : null,
                MlpNorm = Norm(network.PostNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm"),
                MlpPostNorm = network.PostNorms ? Norm("post_feedforward_layernorm") : null,
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding))
        {
            FinalNorm = weights.Norm("model.norm", dModel, bias: false),
        };
        weights.Finish("rotary_emb.inv_freq");
        return result;
    }
}
