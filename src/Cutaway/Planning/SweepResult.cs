namespace Cutaway.Planning;

/// <summary>What a sweep measured.</summary>
public sealed record SweepResult
{
    /// <summary>The metric with nothing changed, [item].</summary>
    public required double[] Baseline { get; init; }

    /// <summary>The metric of each variant, [variant][item]; empty for a variant that is not done yet.</summary>
    public required double[][] Values { get; init; }

    /// <summary>Multiply-adds of the matrix products that were computed, counted as they were.</summary>
    public long MultiplyAdds { get; init; }

    /// <summary>Most bytes of working memory that were taken.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether every variant is done.</summary>
    public bool IsComplete => Array.TrueForAll(Values, values => values.Length > 0);

    /// <summary>The mean over items of a variant's metric.</summary>
    public double Mean(int variant) => Values[variant].Average();
}
