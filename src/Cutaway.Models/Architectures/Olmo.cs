using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>OLMo 1 (Groeneveld et al. 2024): norms that only centre and divide, and bounds on queries, keys and values.</summary>
internal static class Olmo
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "OlmoForCausalLM",
        "olmo",
        Configure,
        (config, network, weights) =>
        {
            bool bias = config.Flag("attention_bias", absent: false);
            return new DecoderLayout { PlainNorms = true, ProjectionBias = bias, OutputBias = bias }.Map(network, weights);
        });

    // The norm's epsilon is a constant of the family, so no key gives it.
    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        HeadShape heads = HeadShape.Read(config, dModel);
        return new NetworkConfig
        {
            Architecture = "OlmoForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads.Heads,
            KeyValueHeads = heads.KeyValueHeads,
            DHead = heads.Width,
            DMlp = config.Size(Limits.Width, "intermediate_size"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_position_embeddings"),
            Norm = NormKind.Layer,
            Positions = PositionKind.Rotary,
            Activation = ActivationNames.ReadOr(config, "hidden_act", ActivationKind.Silu),
            GatedMlp = true,
            ProjectionBound = config.OptionalPositive("clip_qkv"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: false),
            LayerConfigs = [],
        }.WithLayers(config);
    }
}
