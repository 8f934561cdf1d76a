using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>OLMo 3 (Team OLMo 2025): OLMo 2 with windows in most layers; only the layers that see everything stretch their rotation.</summary>
internal static class Olmo3
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("Olmo3ForCausalLM", "olmo3", Configure, Olmo2.Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        const int Period = 4;
        NetworkConfig network = Olmo2.Configure(config, "Olmo3ForCausalLM");
        bool[] sliding = DecoderConfig.SlidingLayers(config, network.Layers, layer => (layer + 1) % Period != 0);
        int? window = sliding.Contains(true) ? config.Size(Limits.Context, "sliding_window") : null;
        network = network.WithLayers(config, layer => sliding[layer] ? window : null);
        RotaryConfig plain = new() { Frequencies = RotaryScaling.Frequencies(RotaryScaling.Base(config), network.DHead) };
        return network with { LayerConfigs = [.. network.LayerConfigs.Select((layer, i) => sliding[i] ? layer with { Rotary = plain } : layer)] };
    }
}
