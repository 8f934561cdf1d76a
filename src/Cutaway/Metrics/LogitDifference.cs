namespace Cutaway.Metrics;

/// <summary>The logit of the answer minus the logit of another token, at the last position (Wang et al. 2022, §2).</summary>
public sealed record LogitDifference : Metric
{
    private readonly int[] columns;
    private readonly int[] answers;
    private readonly int[] others;

    /// <summary>Names the two tokens of each item.</summary>
    /// <param name="answers">The id of each item's answer.</param>
    /// <param name="versus">The id it is compared with.</param>
    public LogitDifference(IReadOnlyList<int> answers, IReadOnlyList<int> versus)
    {
        if (answers.Count != versus.Count)
        {
            throw CutawayException.Usage($"{answers.Count} answers and {versus.Count} tokens to compare them with; give one of each an item");
        }

        Answers = answers;
        Versus = versus;
        columns = [.. answers.Concat(versus).Distinct().Order()];
        this.answers = [.. answers.Select(id => Array.BinarySearch(columns, id))];
        others = [.. versus.Select(id => Array.BinarySearch(columns, id))];
    }

    /// <summary>The id of each item's answer.</summary>
    public IReadOnlyList<int> Answers { get; }

    /// <summary>The id it is compared with.</summary>
    public IReadOnlyList<int> Versus { get; }

    /// <inheritdoc/>
    public override string Name => "logit-difference";

    /// <inheritdoc/>
    public override IReadOnlyList<int> Columns => columns;

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits) => logits[answers[item]] - logits[others[item]];

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        gradient.Clear();
        gradient[answers[item]] += 1;
        gradient[others[item]] -= 1;
    }
}
