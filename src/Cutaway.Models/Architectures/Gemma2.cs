using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Gemma 2 (Riviere et al. 2024): norms before and after each part, soft caps, every second layer with a window, a query scale of its own.</summary>
internal static class Gemma2
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "Gemma2ForCausalLM",
        "gemma2",
        config =>
        {
            NetworkConfig network = Sandwich(config, "Gemma2ForCausalLM");
            int? window = config.OptionalSize(Limits.Context, "sliding_window");
            bool[] sliding = DecoderConfig.SlidingLayers(config, network.Layers, layer => layer % 2 == 0);
            return network.WithLayers(config, layer => sliding[layer] ? window : null, QueryScale(config));
        },
        Gemma.Map);

    /// <summary>What Gemma 2 and 3 share.</summary>
    internal static NetworkConfig Sandwich(ConfigReader config, string architecture) => Gemma.Configure(config, architecture) with
    {
        NormPlacement = NormPlacement.BeforeAndAfter,
        ScoreSoftCap = config.OptionalPositive("attn_logit_softcapping"),
        LogitSoftCap = config.OptionalPositive("final_logit_softcapping"),
    };

    /// <summary>The factor on q·k.</summary>
    internal static double QueryScale(ConfigReader config) => 1 / Math.Sqrt(config.Positive("query_pre_attn_scalar"));
}
