namespace Cutaway.Planning;

/// <summary>What a sweep measured.</summary>
public sealed record SweepResult
{
    /// <summary>The metric with nothing changed, [item].</summary>
    public required double[] Baseline { get; init; }

    /// <summary>The metric of each variant, [variant][item].</summary>
    public required double[][] Values { get; init; }

    /// <summary>The mean over items of a variant's metric.</summary>
    public double Mean(int variant) => Values[variant].Average();
}
