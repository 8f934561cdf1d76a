using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Nemotron 3 and 4 (Parmar et al. 2024): LayerNorm that stores its weights less one, squared ReLU without gate, part of each head rotated.</summary>
internal static class Nemotron
{
    private const double UsualPart = 0.5;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("NemotronForCausalLM", "nemotron", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config) =>
        DecoderConfig.Configure(config, "NemotronForCausalLM", tied: false, norm: NormKind.Layer, epsilon: "norm_eps").WithLayers(config, part: UsualPart) with
        {
            GatedMlp = false,
            NormWeightOffset = 1,
        };

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout { ProjectionBias = bias, OutputBias = bias, MlpBias = config.Flag("mlp_bias", absent: false), NormBias = true }.Map(network, weights);
    }
}
