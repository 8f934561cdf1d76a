using System.Numerics;
using System.Numerics.Tensors;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The Kullback-Leibler divergence of a row of logits from a reference, in nats.</summary>
public static class Divergence
{
    private const int Run = 256;

    /// <summary>KL(P_ref ‖ P) = Σ P_ref · (log P_ref - log P), and dLogits = scale · (P - P_ref).</summary>
    /// <param name="reference">The reference's logits; minus infinity has no part in the sum.</param>
    /// <param name="logits">The logits in question, as many.</param>
    /// <param name="scale">The divergence's own gradient.</param>
    /// <param name="dLogits">The gradient of the logits; none of the inputs.</param>
    public static double Row<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> logits, T scale, Span<T> dLogits)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        logits = logits[..reference.Length];
        dLogits = dLogits[..reference.Length];
        double logSum = Softmax.LogSumExp(logits);
        double referenceLogSum = Softmax.LogSumExp(reference);
        double shift = logSum - referenceLogSum;

        // P_ref first, for the sum; then P beside it, run by run.
        CrossEntropy.Probabilities(reference, referenceLogSum, T.One, dLogits);
        double sum = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            sum += dLogits[i] == T.Zero ? 0 : double.CreateTruncating(dLogits[i]) * (double.CreateTruncating(reference[i]) - double.CreateTruncating(logits[i]) + shift);
        }

        Span<T> part = stackalloc T[Run];
        for (int start = 0; start < reference.Length; start += Run)
        {
            Span<T> target = dLogits[start..Math.Min(reference.Length, start + Run)];
            CrossEntropy.Probabilities(logits.Slice(start, target.Length), logSum, T.One, part);
            TensorPrimitives.Subtract(part[..target.Length], target, target);
            TensorPrimitives.Multiply(target, scale, target);
        }

        return sum;
    }
}
