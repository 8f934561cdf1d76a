using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels;

/// <summary>Reductions of one row, in a fixed order.</summary>
public static unsafe class Reductions
{
    /// <summary>The index of the largest value, the lowest among equals; NaN counts as larger than any number, so that it is not overlooked.</summary>
    /// <param name="x">At least one value.</param>
    public static int ArgMax<T>(ReadOnlySpan<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int best = 0;
        for (int i = Next(x, 1, x[0]); i < x.Length && !T.IsNaN(x[best]); i = Next(x, i + 1, x[best]))
        {
            if (x[i] > x[best] || T.IsNaN(x[i]))
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>The indices of the largest values, largest first; among equals the lowest index comes first.</summary>
    /// <param name="x">Any values; NaN counts as smaller than any number.</param>
    /// <param name="count">How many indices; all of them if there are fewer values.</param>
    public static int[] TopK<T>(ReadOnlySpan<T> x, int count)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int[] best = new int[Math.Min(count, x.Length)];
        int found = 0;
        for (int i = 0; i < x.Length && best.Length > 0; i++)
        {
            if (found == best.Length && !Before(x[i], x[best[^1]]))
            {
                // Far from the end of the search, most values are too small.
                i = Next(x, i + 1, x[best[^1]]) - 1;
                continue;
            }

            int at = found < best.Length ? found++ : best.Length - 1;
            for (; at > 0 && Before(x[i], x[best[at - 1]]); at--)
            {
                best[at] = best[at - 1];
            }

            best[at] = i;
        }

        return best;
    }

    // The first place from start on whose value may be larger than the limit; NaN is for the caller to judge.
    private static int Next<T>(ReadOnlySpan<T> x, int start, T limit)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* values = x)
            {
                return ThresholdScan.Next((float*)values, start, x.Length, float.CreateTruncating(limit));
            }
        }

        return start;
    }

    private static bool Before<T>(T a, T b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => a > b || (T.IsNaN(b) && !T.IsNaN(a));
}
