using Cutaway.Tensors.Kernels;

namespace Cutaway.Metrics;

/// <summary>
/// The probability of all right tokens together minus that of all wrong ones, at the last position: for greater-than, later
/// years against earlier ones (Hanna et al. 2023, §2). The softmax is over the whole vocabulary.
/// </summary>
/// <param name="Answers">The ids of each item's right tokens.</param>
/// <param name="Versus">The ids of its wrong ones.</param>
public sealed record ProbabilityDifference(IReadOnlyList<IReadOnlyList<int>> Answers, IReadOnlyList<IReadOnlyList<int>> Versus) : Metric
{
    /// <inheritdoc/>
    public override string Name => "probability-difference";

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        double logSum = Softmax.LogSumExp(logits);
        double difference = 0;
        foreach (int id in Answers[item])
        {
            difference += Math.Exp(logits[id] - logSum);
        }

        foreach (int id in Versus[item])
        {
            difference -= Math.Exp(logits[id] - logSum);
        }

        return difference;
    }

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        // d(Σ s_j p_j)/dx_i = p_i (s_i − Σ s_j p_j), with the sign s of a token 1, −1 or 0.
        double value = Value(item, logits);
        double logSum = Softmax.LogSumExp(logits);
        for (int i = 0; i < logits.Length; i++)
        {
            gradient[i] = -value * Math.Exp(logits[i] - logSum);
        }

        foreach (int id in Answers[item])
        {
            gradient[id] += Math.Exp(logits[id] - logSum);
        }

        foreach (int id in Versus[item])
        {
            gradient[id] -= Math.Exp(logits[id] - logSum);
        }
    }
}
