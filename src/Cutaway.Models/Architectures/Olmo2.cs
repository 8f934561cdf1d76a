using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>OLMo 2 (OLMo et al. 2025): parts read the stream as it is, what they add is normalised, and queries and keys are normalised as a whole.</summary>
internal static class Olmo2
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("Olmo2ForCausalLM", "olmo2", config => Configure(config, "Olmo2ForCausalLM").WithLayers(config), Map);

    /// <summary>Reads the keys that OLMo 3 shares.</summary>
    internal static NetworkConfig Configure(ConfigReader config, string architecture) => DecoderConfig.Configure(config, architecture, tied: false) with
    {
        NormPlacement = NormPlacement.After,
        QueryKeyNorm = QueryKeyNorm.Whole,
    };

    /// <summary>Finds the weights.</summary>
    internal static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout
        {
            ProjectionBias = bias,
            OutputBias = bias,
            Norms = (null, null),
            PostNorms = ("post_attention_layernorm", "post_feedforward_layernorm"),
        }.Map(network, weights);
    }
}
