using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Granite 3 (IBM 2024): Llama with factors on the embedding, on scores, on what each part adds, and on logits.</summary>
internal static class Granite
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GraniteForCausalLM", "granite", config => Configure(config, "GraniteForCausalLM"), Map);

    /// <summary>Reads the keys.</summary>
    internal static NetworkConfig Configure(ConfigReader config, string architecture) =>
        DecoderConfig.Configure(config, architecture, tied: false).WithLayers(config, scale: config.Positive("attention_multiplier")) with
        {
            EmbeddingScale = config.Positive("embedding_multiplier"),
            ResidualScale = config.Positive("residual_multiplier"),
        };

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout
        {
            ProjectionBias = bias,
            OutputBias = bias,
            MlpBias = config.Flag("mlp_bias", absent: false),
            LogitScale = 1 / config.Positive("logits_scaling"),
        }.Map(network, weights);
    }
}
