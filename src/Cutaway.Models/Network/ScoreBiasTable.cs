using System.Numerics;
using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>What is added to scores by the distance of key and query, [head, key - query + span - 1], grown as longer texts come.</summary>
internal sealed class ScoreBiasTable
{
    private object? table;

    /// <summary>The longest distance plus one that the table holds.</summary>
    public int Span { get; private set; }

    /// <summary>The table for a sequence of the given length, or null where a network adds nothing to its scores.</summary>
    public NativeBuffer<T>? For<T>(NetworkConfig config, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (config.AlibiSlopes is not { } slopes)
        {
            return null;
        }

        if (table is NativeBuffer<T> known && Span >= length)
        {
            return known;
        }

        Span = Math.Max(64, (int)BitOperations.RoundUpToPowerOf2((uint)length));
        NativeBuffer<T> fresh = new((long)slopes.Count * ((2 * Span) - 1));
        int at = 0;
        foreach (double slope in slopes)
        {
            for (int distance = 1 - Span; distance < Span; distance++)
            {
                fresh.Span[at++] = T.CreateTruncating(slope * distance);
            }
        }

        table = fresh;
        return fresh;
    }
}
