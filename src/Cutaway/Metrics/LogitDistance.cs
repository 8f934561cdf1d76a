namespace Cutaway.Metrics;

/// <summary>The squared distance of an item's logits, of some tokens each, from given ones, at the last position.</summary>
public sealed record LogitDistance : Metric
{
    private readonly int[] columns;
    private readonly int[][] read;

    /// <summary>Names tokens and their logits.</summary>
    /// <param name="tokens">The ids of each item.</param>
    /// <param name="target">The logits they are compared with.</param>
    public LogitDistance(IReadOnlyList<IReadOnlyList<int>> tokens, IReadOnlyList<IReadOnlyList<double>> target)
    {
        Tokens = tokens;
        Target = target;
        columns = [.. tokens.SelectMany(ids => ids).Distinct().Order()];
        read = [.. tokens.Select(ids => ids.Select(id => Array.BinarySearch(columns, id)).ToArray())];
    }

    /// <summary>The ids of each item.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Tokens { get; }

    /// <summary>The logits they are compared with.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Target { get; }

    /// <inheritdoc/>
    public override string Name => "logit-distance";

    /// <inheritdoc/>
    public override IReadOnlyList<int> Columns => columns;

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        double sum = 0;
        for (int i = 0; i < read[item].Length; i++)
        {
            double distance = logits[read[item][i]] - Target[item][i];
            sum += distance * distance;
        }

        return sum;
    }

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        gradient.Clear();
        for (int i = 0; i < read[item].Length; i++)
        {
            gradient[read[item][i]] += 2 * (logits[read[item][i]] - Target[item][i]);
        }
    }
}
