using Cutaway.Models.Network;

namespace Cutaway.Decoding;

/// <summary>
/// DoLa, decoding by contrasting layers (Chuang et al. 2023, section 2): the logits become log p - log q, where p is the model's
/// prediction and q that of the early layer whose prediction is furthest from p by Jensen–Shannon divergence. Tokens less likely than
/// a share of the most likely one are removed. Early layers are read as the logit lens reads them, through the final norm.
/// </summary>
public sealed record Dola : DecodingStrategy
{
    /// <summary>The layers that may be contrasted with, each read before its block; null for every second one of the upper half.</summary>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Tokens less likely than this share of the most likely one are removed; above 0, at most 1.</summary>
    public double RelativeTop { get; init; } = 0.1;

    /// <summary>Every second layer of the lower half; where the embedding is also the unembedding, layers 0 and 1 only repeat the token, and are left out.</summary>
    public static IReadOnlyList<int> Low(NetworkConfig config, bool tied) =>
        Every2nd(tied ? Math.Min(2, config.Layers - 1) : 0, config.Layers <= 40 ? config.Layers / 2 : 20);

    /// <summary>Every second layer of the upper half.</summary>
    public static IReadOnlyList<int> High(NetworkConfig config) => Every2nd(config.Layers <= 40 ? config.Layers / 2 : config.Layers - 20, config.Layers);

    /// <inheritdoc/>
    internal override void Validate(LanguageModel model)
    {
        if (!(RelativeTop is > 0 and <= 1))
        {
            throw CutawayException.Usage($"DoLa needs a relative top above 0 and at most 1; got {RelativeTop}");
        }

        if (Layers is { } layers && (layers.Count == 0 || layers.Any(layer => (uint)layer >= (uint)model.Config.Layers)))
        {
            throw CutawayException.Usage($"DoLa's layers {string.Join(",", layers)} are not all among those of '{model.Name}', 0 to {model.Config.Layers - 1}");
        }
    }

    private static int[] Every2nd(int first, int end) => [first, .. Enumerable.Range(first + 1, Math.Max(0, end - first - 1)).Where(layer => (layer - first) % 2 == 0)];
}
