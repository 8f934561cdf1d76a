using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Command R7B and A (Cohere 2024, 2025): Command R with windows in three layers of four, which alone are rotated.</summary>
internal static class Cohere2
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("Cohere2ForCausalLM", "cohere2", Configure, Cohere.Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = Cohere.Configure(config, "Cohere2ForCausalLM");
        int period = config.OptionalSize(Limits.Layers, "sliding_window_pattern") ?? 4;
        bool[] sliding = DecoderConfig.SlidingLayers(config, network.Layers, layer => (layer + 1) % period != 0);
        int? window = sliding.Contains(true) ? config.Size(Limits.Context, "sliding_window") : null;
        return network with
        {
            LayerConfigs = [.. network.LayerConfigs.Select((layer, i) => sliding[i] ? layer with { Window = window } : layer with { Rotary = null })],
        };
    }
}
