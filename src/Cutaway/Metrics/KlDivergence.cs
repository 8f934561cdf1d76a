using Cutaway.Tensors.Kernels;

namespace Cutaway.Metrics;

/// <summary>
/// How far the prediction at the last position is from a reference: KL(reference ‖ run) = Σ p_ref (log p_ref − log p), in nats.
/// Its gradient at the reference itself is zero, so that attribution there finds nothing.
/// </summary>
/// <param name="Reference">[item][vocab], the logits compared with.</param>
public sealed record KlDivergence(IReadOnlyList<double[]> Reference) : Metric
{
    /// <inheritdoc/>
    public override string Name => "kl";

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        ReadOnlySpan<double> reference = Reference[item];
        double logSum = Softmax.LogSumExp(logits);
        double referenceLogSum = Softmax.LogSumExp(reference);
        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double log = reference[i] - referenceLogSum;
            double p = Math.Exp(log);

            // 0 · log 0 is 0, even where the other says minus infinity too.
            sum += p == 0 ? 0 : p * (log - (logits[i] - logSum));
        }

        // Where the two are the same, rounding alone may leave a sum just below zero. A NaN stays one.
        return sum < 0 ? 0 : sum + (0 * logSum);
    }

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        ReadOnlySpan<double> reference = Reference[item];
        double referenceLogSum = Softmax.LogSumExp(reference);
        Softmax.Row(logits, gradient);
        for (int i = 0; i < logits.Length; i++)
        {
            gradient[i] -= Math.Exp(reference[i] - referenceLogSum);
        }
    }
}
