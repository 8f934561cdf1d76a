using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Reading;

/// <summary>How well every head fits a pattern.</summary>
/// <param name="Pattern">The pattern's name.</param>
/// <param name="Scores">[layer][head]; NaN where the text gives the pattern no place.</param>
public sealed record HeadScores(string Pattern, IReadOnlyList<IReadOnlyList<double>> Scores)
{
    /// <summary>The best heads, best first.</summary>
    internal IEnumerable<(HeadName Head, double Score)> Best(int count) => Scores
        .SelectMany((row, layer) => row.Select((score, head) => (Head: new HeadName(layer, head), Score: score)))
        .Where(entry => !double.IsNaN(entry.Score))
        .OrderByDescending(entry => entry.Score)
        .Take(count);
}

/// <summary>Heads that fit patterns.</summary>
public sealed record HeadDetectorFinding : Finding
{
    /// <summary>From this score on a head counts as one of a kind.</summary>
    internal const double Threshold = 0.4;

    /// <summary>The text, or null for random tokens said twice.</summary>
    public string? Text { get; init; }

    /// <summary>How patterns were compared.</summary>
    public required PatternMeasure Measure { get; init; }

    /// <summary>Scores by pattern.</summary>
    public required IReadOnlyList<HeadScores> Patterns { get; init; }

    /// <summary>Mean loss on random tokens the first time they are said, in nats.</summary>
    public double? LossFirstHalf { get; init; }

    /// <summary>Mean loss the second time.</summary>
    public double? LossSecondHalf { get; init; }

    /// <summary>Heads listed for each pattern.</summary>
    public required int Top { get; init; }

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            string heads = string.Join("; ", Patterns.Select(one => one.Best(1).ToArray() is [(HeadName head, double score)]
                ? FormattableString.Invariant($"{one.Pattern}: {head} ({score:0.00})")
                : $"{one.Pattern}: none, as nothing in the text repeats"));
            string losses = LossSecondHalf is double second
                ? FormattableString.Invariant($"; random tokens cost {LossFirstHalf:0.0} nats the first time and {second:0.0} the second")
                : "";
            return $"Best heads: {heads}{losses}";
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new TableView("Heads of each kind", ["pattern", .. Enumerable.Range(1, Math.Min(Top, Patterns[0].Scores.Count * Patterns[0].Scores[0].Count)).Select(i => $"{i}")],
        [
            .. Patterns.Select(one => (IReadOnlyList<object>)
            [
                one.Pattern,
                .. one.Best(Top).Select(entry => (object)FormattableString.Invariant($"{entry.Head} {entry.Score:0.00}")).Concat(Enumerable.Repeat((object)"", Top)).Take(Math.Min(Top, one.Scores.Count * one.Scores[0].Count)),
            ]),
        ])
        {
            Caption = $"Head (layer.head) and score; {MeasureText}. " + (Text is null ? "Random tokens said twice." : ""),
        },
        .. Patterns.Select(one => new HeatMapView(Title(one.Pattern), [.. one.Scores.Select((_, layer) => $"{layer}")], [.. one.Scores[0].Select((_, head) => $"{head}")], one.Scores)
        {
            RowAxis = "layer", ColumnAxis = "head", Unit = "score", Caption = MeasureText + ".",
        }),
    ];

    private string MeasureText => Measure switch
    {
        PatternMeasure.Mul => "The share of all attention that falls on the pattern (ΣAD / ΣA)",
        PatternMeasure.Abs => "1 − n · mean|A − D|",
        _ => "Mean attention on the places looked for, over the tokens that have one",
    };

    private static string Title(string pattern) => char.ToUpperInvariant(pattern[0]) + pattern[1..].Replace('-', ' ');
}
