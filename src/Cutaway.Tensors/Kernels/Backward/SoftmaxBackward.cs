using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The backward pass of <see cref="Softmax"/>.</summary>
public static unsafe class SoftmaxBackward
{
    /// <summary>dScores = pattern · (dPattern - Σ pattern · dPattern): zero where the pattern is, so masked places stay out of it.</summary>
    /// <param name="pattern">The softmax of the scores.</param>
    /// <param name="dPattern">Its gradient; finite at masked places too.</param>
    /// <param name="dScores">The gradient of the scores; may be <paramref name="pattern"/> or <paramref name="dPattern"/>.</param>
    public static void Row<T>(ReadOnlySpan<T> pattern, ReadOnlySpan<T> dPattern, Span<T> dScores)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dPattern = dPattern[..pattern.Length];
        dScores = dScores[..pattern.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* p = pattern)
            fixed (T* dp = dPattern)
            fixed (T* ds = dScores)
            {
                SoftmaxBackwardRow.Apply((float*)p, (float*)dp, (float*)ds, pattern.Length);
            }

            return;
        }

        T mean = T.Zero;
        for (int i = 0; i < pattern.Length; i++)
        {
            mean += pattern[i] * dPattern[i];
        }

        for (int i = 0; i < pattern.Length; i++)
        {
            dScores[i] = pattern[i] * (dPattern[i] - mean);
        }
    }
}
