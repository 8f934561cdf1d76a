using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>What the configurations of Llama and its descendants share: RMS norms, a gated MLP, rotary positions, and the names of keys. Their tensors: <see cref="DecoderLayout"/>.</summary>
internal static class DecoderConfig
{
    /// <summary>Sliding and full attention as <c>layer_types</c> names them.</summary>
    public const string Sliding = "sliding_attention", Full = "full_attention";

    /// <summary>Reads the keys that all share; rotation and windows are alike in all layers until a family says otherwise.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="architecture">The family's name.</param>
    /// <param name="tied">Whether embedding and unembedding are one where <c>tie_word_embeddings</c> is absent.</param>
    /// <param name="activation">The nonlinearity, or null to read <c>hidden_act</c>.</param>
    /// <param name="norm">Which norm.</param>
    /// <param name="epsilon">The key of its epsilon.</param>
    /// <param name="heads">The heads, or null to read the usual keys.</param>
    public static NetworkConfig Configure(
        ConfigReader config, string architecture, bool tied, ActivationKind? activation = null, NormKind norm = NormKind.Rms, string epsilon = "rms_norm_eps", HeadShape? heads = null)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int context = config.Size(Limits.Context, "max_position_embeddings");
        HeadShape shape = heads ?? HeadShape.Read(config, dModel);
        return new NetworkConfig
        {
            Architecture = architecture,
            Layers = layers,
            DModel = dModel,
            Heads = shape.Heads,
            KeyValueHeads = shape.KeyValueHeads,
            DHead = shape.Width,
            DMlp = config.Size(Limits.Width, "intermediate_size"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = context,
            Norm = norm,
            NormEpsilon = config.Positive(epsilon),
            Positions = PositionKind.Rotary,
            Activation = activation ?? ActivationNames.Read(config, "hidden_act"),
            GatedMlp = true,
            TiedEmbedding = config.Flag("tie_word_embeddings", tied),
            LayerConfigs = [],
        };
    }

    /// <summary>The same rotation and scale in every layer.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="window">What each layer may see; null for everything everywhere.</param>
    /// <param name="scale">The factor on scores; null for the usual one.</param>
    /// <param name="part">The part of each head that is rotated, where the configuration has none.</param>
    /// <param name="interleaved">Whether neighbours are rotated together.</param>
    /// <param name="rotates">Which layers rotate; null for all.</param>
    public static NetworkConfig WithLayers(
        this NetworkConfig network, ConfigReader config, Func<int, int?>? window = null, double? scale = null, double part = 1, bool interleaved = false, Func<int, bool>? rotates = null)
    {
        RotaryConfig rotary = RotaryScaling.Read(config, RotaryScaling.RotatedWidth(config, network.DHead, part), network.Context) with { Interleaved = interleaved };
        LayerConfig all = new() { AttentionScale = scale ?? (1 / Math.Sqrt(network.DHead)), Rotary = rotary };
        return network with
        {
            Context = (int)Math.Min(Limits.Context, network.Context * RotaryScaling.Reach(config)),
            LayerConfigs = [.. Enumerable.Range(0, network.Layers).Select(layer => all with { Window = window?.Invoke(layer), Rotary = rotates?.Invoke(layer) == false ? null : rotary })],
        };
    }

    /// <summary>Which layers slide: <c>layer_types</c>, or <paramref name="absent"/> where there is none.</summary>
    public static bool[] SlidingLayers(ConfigReader config, int layers, Func<int, bool> absent)
    {
        if (config.OptionalTexts("layer_types") is not { } types)
        {
            return [.. Enumerable.Range(0, layers).Select(absent)];
        }

        if (types.Count != layers)
        {
            throw config.Fault("layer_types", $"a list of {types.Count}", $"'num_hidden_layers' is {layers}");
        }

        return [.. types.Select(type => type switch
        {
            Sliding => true,
            Full => false,
            _ => throw config.Fault("layer_types", Quote.Name(type), $"known are {Sliding} and {Full}"),
        })];
    }
}
