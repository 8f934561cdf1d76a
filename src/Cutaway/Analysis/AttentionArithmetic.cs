using Cutaway.Models.Network;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Analysis;

/// <summary>Scores worked out anew from queries and keys, as the forward pass does it.</summary>
internal static class AttentionArithmetic
{
    /// <summary>The score of a key, whether the mask shows it or not: scaled, capped, with the bias of its place.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="head">The query head.</param>
    /// <param name="query">[d_head], rotated where the model rotates.</param>
    /// <param name="key">[d_head], likewise.</param>
    /// <param name="distance">The key's position less the query's.</param>
    public static double Score(LanguageModel model, int layer, int head, ReadOnlySpan<double> query, ReadOnlySpan<double> key, int distance)
    {
        NetworkConfig config = model.Config;
        double score = config.LayerConfigs[layer].AttentionScale * TensorPrimitives.Dot(query, key);
        return (config.ScoreSoftCap is double cap ? cap * Math.Tanh(score / cap) : score) + model.Network.ScoreBias(head, distance);
    }

    /// <summary>The first and the last position that a query sees in a text without padding.</summary>
    public static (int First, int Last) Seen(NetworkConfig config, int layer, int position, int length)
    {
        int reach = (config.LayerConfigs[layer].Window ?? length) - 1;
        return (Math.Max(0, position - reach), config.Causal ? position : Math.Min(length - 1, position + reach));
    }

    /// <summary>A head's sink: minus infinity, which takes no weight, where there is none.</summary>
    public static double Sink(LanguageModel model, int layer, int head) =>
        model.Network.Weights.Blocks[layer].Attention.Sinks?.Float64[head] ?? double.NegativeInfinity;
}
