using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>How much each token of a text contributes to an answer, by gradients at its embedding.</summary>
public sealed record InputAttributionFinding : Finding
{
    /// <summary>How it was computed, in words.</summary>
    public required string Method { get; init; }

    /// <summary>What was measured.</summary>
    public required string Metric { get; init; }

    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Each token's contribution, in the metric's units.</summary>
    public required IReadOnlyList<double> Attributions { get; init; }

    /// <summary>The metric of the text.</summary>
    public required double Value { get; init; }

    /// <summary>The metric of the baseline that contributions are counted from; null where there is none.</summary>
    public double? BaselineValue { get; init; }

    /// <summary>The sum of the contributions; with a baseline it should be <see cref="Value"/> − <see cref="BaselineValue"/>.</summary>
    public double Sum => Attributions.Sum();

    /// <summary>How far the sum is from that difference; null without a baseline.</summary>
    public double? CompletenessError => BaselineValue is double baseline ? Sum - (Value - baseline) : null;

    private int Largest => Enumerable.Range(0, Tokens.Count).MaxBy(i => Math.Abs(Attributions[i]));

    /// <inheritdoc/>
    public override string Headline => FormattableString.Invariant(
        $"'{Tokens[Largest].Trim()}' (position {Largest}) contributes {Attributions[Largest]:+0.00;-0.00} to the {Metric} of {Value:0.00}, more than any other token");

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new TokensView("What each token contributes", Tokens, Attributions)
        {
            Unit = $"contribution to the {Metric}",
            Caption = Method + Completeness,
        },
        new BarsView("Token by token", [.. Tokens.Select((token, i) => $"{i} {token}")], Attributions) { Unit = $"contribution to the {Metric}" },
    ];

    private string Completeness => BaselineValue is double baseline
        ? FormattableString.Invariant($" Contributions sum to {Sum:0.000}; the {Metric} is {Value:0.000} here and {baseline:0.000} at the baseline, {Value - baseline:0.000} apart: {Math.Abs(CompletenessError!.Value):0.0000} is left by the finite number of steps.")
        : FormattableString.Invariant($" Contributions sum to {Sum:0.000}; the {Metric} is {Value:0.000}. The two agree only where the network is linear.");
}
