using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Qwen 1.5 to 2.5 (Yang et al. 2024): biases on queries, keys and values only; windows, if used at all, in the upper layers.</summary>
internal static class Qwen2
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "Qwen2ForCausalLM",
        "qwen2",
        config => Windowed(config, DecoderConfig.Configure(config, "Qwen2ForCausalLM", tied: false)),
        (_, network, weights) => new DecoderLayout { ProjectionBias = true }.Map(network, weights));

    /// <summary>Adds the layers with their windows: those of <c>layer_types</c>, else from layer <c>max_window_layers</c> on; none unless <c>use_sliding_window</c>.</summary>
    internal static NetworkConfig Windowed(ConfigReader config, NetworkConfig network)
    {
        int? window = config.Flag("use_sliding_window", absent: false) ? config.OptionalSize(Limits.Context, "sliding_window") : null;
        if (window is null)
        {
            return network.WithLayers(config);
        }

        int? first = config.OptionalCount(Limits.Layers, "max_window_layers");
        bool[] sliding = DecoderConfig.SlidingLayers(config, network.Layers, layer => layer >= (first ?? 0));
        return network.WithLayers(config, layer => sliding[layer] ? window : null);
    }
}
