using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>SmolLM3 (Bakouch et al. 2025): Llama in which every fourth layer does not rotate (NoPE).</summary>
internal static class SmolLm3
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("SmolLM3ForCausalLM", "smollm3", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = DecoderConfig.Configure(config, "SmolLM3ForCausalLM", tied: true);
        int period = config.OptionalSize(Limits.Layers, "no_rope_layer_interval") ?? 4;
        IReadOnlyList<bool>? listed = config.OptionalFlags("no_rope_layers", network.Layers);
        int? window = config.Flag("use_sliding_window", absent: false) ? config.OptionalSize(Limits.Context, "sliding_window") : null;
        bool[] sliding = window is null ? new bool[network.Layers] : DecoderConfig.SlidingLayers(config, network.Layers, layer => Rotates(layer));

        // In the list, 1 stands for a layer that rotates, whatever the key's name says.
        return network.WithLayers(config, layer => sliding[layer] ? window : null, rotates: Rotates);

        bool Rotates(int layer) => listed?[layer] ?? ((layer + 1) % period != 0);
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout { ProjectionBias = bias, OutputBias = bias, MlpBias = config.Flag("mlp_bias", absent: false) }.Map(network, weights);
    }
}
