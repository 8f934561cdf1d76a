using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>A part of a network in AtP*'s ranking.</summary>
/// <param name="Part">Such as <c>head-q of head 9.6</c>.</param>
/// <param name="Score">What it is ranked by: the mean size of its estimates, layer by layer held.</param>
/// <param name="Estimate">The estimated change of the metric, with the QK fix.</param>
/// <param name="Plain">The same by plain attribution patching.</param>
/// <param name="Exact">The change when it is patched, or null.</param>
public sealed record AtpPart(string Part, double Score, double Estimate, double Plain, double? Exact);

/// <summary>Parts of a network in the order of AtP*.</summary>
public sealed record AtpStarFinding : Finding
{
    private const int Listed = 20;

    /// <summary>What was asked.</summary>
    public required AtpStar Request { get; init; }

    /// <summary>What was measured.</summary>
    public required string Metric { get; init; }

    /// <summary>The mean metric of the clean prompts.</summary>
    public required double CleanValue { get; init; }

    /// <summary>The mean metric of the corrupted prompts.</summary>
    public required double CorruptValue { get; init; }

    /// <summary>All parts, the largest score first.</summary>
    public required IReadOnlyList<AtpPart> Ranking { get; init; }

    /// <summary>With 95 % confidence no part that was not verified changes the metric by more, unless others cancel it; null if nothing was sampled.</summary>
    public required double? MissedBound { get; init; }

    /// <summary>How estimates compare with real patches; null where too few were made.</summary>
    public Correlation? Agreement => Verified.Length < 3 ? null : Correlation.Of(Verified.Select(part => part.Estimate), Verified.Select(part => part.Exact!.Value));

    private AtpPart[] Verified => [.. Ranking.Where(part => part.Exact is not null)];

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            AtpPart best = Ranking[0];
            string exact = best.Exact is double effect ? FormattableString.Invariant($"; patched, it changes it by {effect:+0.00;-0.00}") : "";
            string bound = MissedBound is double most ? FormattableString.Invariant($". Nothing that was not patched matters by more than {most:0.00} (95 %)") : "";
            return FormattableString.Invariant($"The {Metric} ({CleanValue:0.00} clean, {CorruptValue:0.00} corrupted) depends most on {best.Part}: estimated change {best.Estimate:+0.00;-0.00}{exact}{bound}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            List<View> views =
            [
                new TableView("Parts that matter most", ["part", "score", "estimate", "plain", "patched"],
                    [.. Ranking.Take(Math.Max(Listed, Verified.Length)).Select(part => (IReadOnlyList<object>)[part.Part, part.Score, part.Estimate, part.Plain, part.Exact is double exact ? exact : ""])])
                {
                    Caption = $"Changes of the {Metric}. 'plain' is attribution patching; 'estimate' has the softmax as it is; the score is its mean size with each layer held in turn.",
                },
            ];
            if (Agreement is { } agreement)
            {
                views.Add(new ScatterView("Estimate and truth", [.. Verified.Select(part => part.Estimate)], [.. Verified.Select(part => part.Exact!.Value)], [.. Verified.Select(part => part.Part)])
                {
                    XAxis = "estimated change",
                    YAxis = "change when patched",
                    Caption = $"{agreement}.",
                });
            }

            return views;
        }
    }
}
