using Cutaway.Tensors.Kernels;

namespace Cutaway.Metrics;

/// <summary>The probability of the answer at the last position. It saturates, and cannot see parts that work against an answer it finds unlikely.</summary>
/// <param name="Answers">The id of each item's answer.</param>
public sealed record Probability(IReadOnlyList<int> Answers) : Metric
{
    /// <inheritdoc/>
    public override string Name => "probability";

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits) => Math.Exp(logits[Answers[item]] - Softmax.LogSumExp(logits));

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        Softmax.Row(logits, gradient);
        double p = gradient[Answers[item]];
        for (int i = 0; i < logits.Length; i++)
        {
            gradient[i] *= -p;
        }

        gradient[Answers[item]] += p;
    }
}
