using System.Numerics;
using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>What is added to scores by the distance of key and query, [head, key - query + span - 1], grown as longer texts come.</summary>
internal sealed class ScoreBiasTable
{
    private object? table;
    private int[] buckets = [];
    private bool current;

    /// <summary>The longest distance plus one that the table holds.</summary>
    public int Span { get; private set; }

    /// <summary>Has learned biases read again: they may have been trained on.</summary>
    public void Forget() => current = false;

    /// <summary>The table for a sequence of the given length, or null where a network adds nothing to its scores.</summary>
    public NativeBuffer<T>? For<T>(TransformerNetwork network, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        NetworkConfig config = network.Config;
        if (config.AlibiSlopes is null && config.ScoreBuckets is null)
        {
            return null;
        }

        NativeBuffer<T>? known = table as NativeBuffer<T>;
        if (known is not null && Span >= length && current)
        {
            return known;
        }

        if (known is null || Span < length)
        {
            Span = Math.Max(64, (int)BitOperations.RoundUpToPowerOf2((uint)length));
            table = known = new NativeBuffer<T>((long)config.Heads * ((2 * Span) - 1));
        }

        Span<T> values = known.Span;
        for (int i = 0; i < values.Length; i++)
        {
            (int head, int column) = Math.DivRem(i, (2 * Span) - 1);
            values[i] = T.CreateTruncating(network.ScoreBias(head, column - Span + 1));
        }

        current = true;
        return known;
    }

    /// <summary>The bucket of every distance in a sequence of the given length, [key - query + length - 1]; null where biases are not learned.</summary>
    public int[]? BucketsFor(NetworkConfig config, int length)
    {
        if (config.ScoreBuckets is not { } learned)
        {
            return null;
        }

        if (buckets.Length != (2 * length) - 1)
        {
            buckets = [.. Enumerable.Range(1 - length, (2 * length) - 1).Select(learned.Of)];
        }

        return buckets;
    }
}
