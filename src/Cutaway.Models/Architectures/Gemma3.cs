using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Gemma 3, text (Kamath et al. 2025): like Gemma 2, but queries and keys are normalised instead of capped, and layers with a
/// window turn by another base than the full ones.
/// </summary>
internal static class Gemma3
{
    private const int UsualPattern = 6;
    private const double UsualLocalBase = 1e4;
    private const double UsualBase = 1e6;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "Gemma3ForCausalLM",
        "gemma3_text",
        Configure,
        Gemma.Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = Gemma2.Sandwich(config, "Gemma3ForCausalLM") with { QueryKeyNorm = QueryKeyNorm.Head };
        if (config.Flag("use_bidirectional_attention", absent: false))
        {
            throw config.Fault("use_bidirectional_attention", "true", "only causal attention is supported");
        }

        int window = config.Size(Limits.Context, "sliding_window");
        int pattern = config.OptionalSize(Limits.Layers, "sliding_window_pattern", "_sliding_window_pattern") ?? UsualPattern;
        bool[] sliding = DecoderConfig.SlidingLayers(config, network.Layers, layer => (layer + 1) % pattern != 0);
        double scale = Gemma2.QueryScale(config);
        (RotaryConfig local, RotaryConfig full) = Rotations(config, network);
        return network with
        {
            LayerConfigs =
            [
                .. sliding.Select(slides => new LayerConfig
                {
                    AttentionScale = scale,
                    Window = slides ? window : null,
                    Rotary = slides ? local : full,
                }),
            ],
        };
    }

    private static (RotaryConfig Local, RotaryConfig Full) Rotations(ConfigReader config, NetworkConfig network)
    {
        if (config.OptionalSection("rope_parameters") is { } parameters && parameters.OptionalSection(DecoderConfig.Full) is { } full)
        {
            ConfigReader local = parameters.OptionalSection(DecoderConfig.Sliding)
                ?? throw parameters.Fault(DecoderConfig.Sliding, "missing", $"it was expected beside '{DecoderConfig.Full}'");
            return (
                RotaryScaling.ReadSection(config, local, network.DHead, network.Context),
                RotaryScaling.ReadSection(config, full, network.DHead, network.Context));
        }

        double localBase = config.OptionalPositive("rope_local_base_freq") ?? UsualLocalBase;
        return (
            new RotaryConfig { Frequencies = RotaryScaling.Frequencies(localBase, network.DHead) },
            RotaryScaling.Read(config, network.DHead, network.Context, UsualBase));
    }
}
