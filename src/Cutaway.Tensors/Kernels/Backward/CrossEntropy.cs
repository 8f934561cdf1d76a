using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The loss of next-token prediction on one row of logits, in nats.</summary>
public static unsafe class CrossEntropy
{
    /// <summary>log softmax(logits)[target].</summary>
    /// <param name="logits">At least one finite value.</param>
    /// <param name="target">An index into them.</param>
    public static double LogProbability<T>(ReadOnlySpan<T> logits, int target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => double.CreateTruncating(logits[target]) - Softmax.LogSumExp(logits);

    /// <summary>The loss -log softmax(logits)[target], and dLogits = scale · (softmax(logits) - e_target).</summary>
    /// <param name="logits">At least one finite value.</param>
    /// <param name="target">An index into them.</param>
    /// <param name="scale">The loss's own gradient: one over the number of rows, for a mean over rows.</param>
    /// <param name="dLogits">The gradient of the logits; may be <paramref name="logits"/> itself.</param>
    public static double Row<T>(ReadOnlySpan<T> logits, int target, T scale, Span<T> dLogits)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dLogits = dLogits[..logits.Length];
        double logSum = Softmax.LogSumExp(logits);
        double loss = logSum - double.CreateTruncating(logits[target]);
        Probabilities(logits, logSum, scale, dLogits);
        dLogits[target] -= scale;
        return loss;
    }

    /// <summary>y = scale · e^(logits - logSum).</summary>
    internal static void Probabilities<T>(ReadOnlySpan<T> logits, double logSum, T scale, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* source = logits)
            fixed (T* target = y)
            {
                ElementWise.Apply(new Probability(logSum, float.CreateTruncating(scale)), (float*)source, (float*)target, logits.Length);
            }

            return;
        }

        T shift = T.CreateTruncating(logSum);
        for (int i = 0; i < logits.Length; i++)
        {
            y[i] = scale * T.Exp(logits[i] - shift);
        }
    }
}
