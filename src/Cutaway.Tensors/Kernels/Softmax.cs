using System.Numerics;

namespace Cutaway.Tensors.Kernels;

/// <summary>Softmax of one row.</summary>
public static class Softmax
{
    /// <summary>pattern = exp(scores - max) / sum, in place allowed. Minus infinity is a masked place; a row that is masked whole becomes zeros.</summary>
    public static void Row<T>(ReadOnlySpan<T> scores, Span<T> pattern)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T max = T.NegativeInfinity;
        foreach (T score in scores)
        {
            max = T.Max(max, score);
        }

        if (T.IsNegativeInfinity(max))
        {
            pattern[..scores.Length].Clear();
            return;
        }

        T sum = T.Zero;
        for (int i = 0; i < scores.Length; i++)
        {
            T value = T.Exp(scores[i] - max);
            pattern[i] = value;
            sum += value;
        }

        for (int i = 0; i < scores.Length; i++)
        {
            pattern[i] /= sum;
        }
    }

    /// <summary>log(sum(exp(x))), computed without overflow.</summary>
    public static double LogSumExp<T>(ReadOnlySpan<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T max = T.NegativeInfinity;
        foreach (T value in x)
        {
            max = T.Max(max, value);
        }

        if (T.IsInfinity(max))
        {
            return double.CreateTruncating(max);
        }

        double sum = 0;
        foreach (T value in x)
        {
            sum += double.CreateTruncating(T.Exp(value - max));
        }

        return double.CreateTruncating(max) + Math.Log(sum);
    }
}
