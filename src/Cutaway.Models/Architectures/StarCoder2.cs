using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>StarCoder 2 (Lozhkov et al. 2024): LayerNorm, biases, grouped queries, an MLP without gate, windows.</summary>
internal static class StarCoder2
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("Starcoder2ForCausalLM", "starcoder2", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int? window = config.OptionalSize(Limits.Context, "sliding_window");
        return DecoderConfig.Configure(config, "Starcoder2ForCausalLM", tied: true, norm: NormKind.Layer, epsilon: "norm_epsilon").WithLayers(config, _ => window) with { GatedMlp = false };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        bool bias = config.Flag("use_bias", absent: true);
        return new DecoderLayout
        {
            ProjectionBias = bias,
            OutputBias = bias,
            MlpBias = bias,
            NormBias = true,
            Mlp = ("mlp.c_fc", "mlp.c_proj", ""),
        }.Map(network, weights);
    }
}
