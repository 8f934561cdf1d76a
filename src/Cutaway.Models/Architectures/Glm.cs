using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>GLM-4 of 2024 (GLM team 2024): gate and up stored as one, half of each head rotated in neighbouring pairs.</summary>
internal static class Glm
{
    private const double UsualPart = 0.5;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GlmForCausalLM", "glm", config => Configure(config, "GlmForCausalLM"), (config, network, weights) => Layout(config).Map(network, weights));

    /// <summary>Reads the keys that GLM-4-0414 (<c>glm4</c>) shares.</summary>
    internal static NetworkConfig Configure(ConfigReader config, string architecture) =>
        DecoderConfig.Configure(config, architecture, tied: false).WithLayers(config, part: UsualPart, interleaved: true);

    /// <summary>Where the weights are.</summary>
    internal static DecoderLayout Layout(ConfigReader config) => new()
    {
        ProjectionBias = config.Flag("attention_bias", absent: false),
        FusedGate = "mlp.gate_up_proj",
    };
}
