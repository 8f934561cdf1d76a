namespace Cutaway.Metrics;

/// <summary>How many tokens are likelier than the answer at the last position: 0 where it is the first choice, NaN where a logit is.</summary>
/// <param name="Answers">The id of each item's answer.</param>
public sealed record Rank(IReadOnlyList<int> Answers) : Metric
{
    /// <inheritdoc/>
    public override string Name => "rank";

    /// <inheritdoc/>
    public override bool Differentiable => false;

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        double answer = logits[Answers[item]];
        int likelier = 0;
        foreach (double logit in logits)
        {
            // Every comparison with NaN is false: it would make the answer look better than it is.
            if (double.IsNaN(logit))
            {
                return double.NaN;
            }

            likelier += logit > answer ? 1 : 0;
        }

        return likelier;
    }
}
