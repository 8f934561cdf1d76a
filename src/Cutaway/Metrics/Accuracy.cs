namespace Cutaway.Metrics;

/// <summary>1 where no token is likelier than the answer at the last position, 0 elsewhere, NaN where a logit is.</summary>
/// <param name="Answers">The id of each item's answer.</param>
public sealed record Accuracy(IReadOnlyList<int> Answers) : Metric
{
    private readonly Rank rank = new(Answers);

    /// <inheritdoc/>
    public override string Name => "accuracy";

    /// <inheritdoc/>
    public override bool Differentiable => false;

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        double likelier = rank.Value(item, logits);
        return double.IsNaN(likelier) ? likelier : likelier == 0 ? 1 : 0;
    }
}
