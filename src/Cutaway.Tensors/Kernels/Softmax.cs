using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels;

/// <summary>Softmax of one row.</summary>
public static unsafe class Softmax
{
    /// <summary>pattern = exp(scores - max) / sum, in place allowed. Minus infinity is a masked place; a row that is masked whole becomes zeros.</summary>
    public static void Row<T>(ReadOnlySpan<T> scores, Span<T> pattern)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        pattern = pattern[..scores.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* x = scores)
            fixed (T* y = pattern)
            {
                if (SoftmaxRow.TryApply((float*)x, (float*)y, scores.Length))
                {
                    return;
                }
            }
        }

        Reference(scores, pattern);
    }

    /// <summary>The same with one more score, the sink, which takes its share of the weight and stands in no place: the row sums to less than one.</summary>
    public static void Row<T>(ReadOnlySpan<T> scores, Span<T> pattern, T sink)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T max = TensorPrimitives.Max(scores);
        pattern = pattern[..scores.Length];
        Row(scores, pattern);
        if (!T.IsNegativeInfinity(max))
        {
            // The largest weight is 1 / Σ exp(score - max), so this is exp(sink) / Σ exp(score).
            T share = T.Exp(sink - max) * TensorPrimitives.Max<T>(pattern);
            TensorPrimitives.Multiply(pattern, T.One / (T.One + share), pattern);
        }
    }

    /// <summary>log(sum(exp(x))), computed without overflow.</summary>
    public static double LogSumExp<T>(ReadOnlySpan<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* values = x)
            {
                if (SoftmaxRow.TryLogSumExp((float*)values, x.Length, out double result))
                {
                    return result;
                }
            }
        }

        return LogSumExpReference(x);
    }

    /// <summary>The softmax value by value, for double precision and for rows without a finite largest value.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> scores, Span<T> pattern)
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

    /// <summary>log(sum(exp(x))) value by value.</summary>
    internal static double LogSumExpReference<T>(ReadOnlySpan<T> x)
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
