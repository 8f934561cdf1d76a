using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>What patching each place would do, by a linear estimate.</summary>
public sealed record AttributionPatchingFinding : Finding
{
    // More points than this hide one another in a scatter plot.
    private const int Drawn = 2000;

    /// <summary>What was asked.</summary>
    public required AttributionPatching Request { get; init; }

    /// <summary>What rows and columns of <see cref="Effects"/> are.</summary>
    public required PatchLabels Labels { get; init; }

    /// <summary>What was measured.</summary>
    public required string Metric { get; init; }

    /// <summary>The metric of the clean prompts: the mean over pairs.</summary>
    public required double CleanValue { get; init; }

    /// <summary>The metric of the corrupted prompts.</summary>
    public required double CorruptValue { get; init; }

    /// <summary>The estimated change of the metric, in its own units, [row][column]: the mean over pairs. NaN where there is no such place.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Effects { get; init; }

    /// <summary>The mean over pairs of the estimate's size, which does not let pairs of opposite sign cancel.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Sizes { get; init; }

    /// <summary>The same places patched for real, in the metric's units; null unless it was asked for.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? Exact { get; init; }

    /// <summary>How the estimates compare with <see cref="Exact"/>; null without it.</summary>
    public Correlation? Agreement => Exact is null ? null : Correlation.Of(Effects.SelectMany(row => row), Exact.SelectMany(row => row));

    /// <summary>Places with the largest estimates, whatever their sign.</summary>
    public IReadOnlyList<PatchEffect> Ranked => [.. Places.OrderByDescending(entry => Math.Abs(entry.Effect)).Take(Request.Top)];

    private IEnumerable<PatchEffect> Places => PatchEffect.Of(Labels, Request.By, Effects);

    private bool Denoising => Request.Direction == PatchDirection.Denoising;

    private string What => KebabCase.Of(Request.Over.ToString());

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            PatchEffect best = Ranked[0];
            string agreement = Agreement is { } known ? FormattableString.Invariant($"; against real patches: Pearson {known.Pearson:0.00}, Spearman {known.Spearman:0.00}") : "";
            return FormattableString.Invariant($"By one gradient, patching {best.Place} ({What}) would change the {Metric} by {best.Effect:+0.00;-0.00}, more than any other single place{agreement}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            List<View> views = [Table()];
            if (Exact is not null)
            {
                (string Label, double X, double Y)[] points = [.. Pairs().OrderByDescending(point => Math.Abs(point.Y)).Take(Drawn)];
                views.Add(new ScatterView("Estimate and truth", [.. points.Select(point => point.X)], [.. points.Select(point => point.Y)], [.. points.Select(point => point.Label)])
                {
                    XAxis = "estimated change",
                    YAxis = "change when patched",
                    Caption = $"{Agreement}.",
                });
            }

            if (Request.By is not (PatchBy.Neuron or PatchBy.Edge))
            {
                views.Add(Map("Every place: " + What, Effects, diverging: true));
                if (Effects.Zip(Sizes).Any(rows => rows.First.Zip(rows.Second).Any(cell => Math.Abs(Math.Abs(cell.First) - cell.Second) > 1e-9)))
                {
                    views.Add(Map("Size, pair by pair", Sizes, diverging: false));
                }
            }

            views.Add(new TextView("What it means", Denoising
                ? "The gradient is taken on the corrupted prompt; a place's estimate is what its clean activation would add to the metric if the network were linear around there."
                : "The gradient is taken on the clean prompt; a place's estimate is what its corrupted activation would add to the metric if the network were linear around there."));
            return views;
        }
    }

    private IEnumerable<(string Label, double X, double Y)> Pairs() => Effects.SelectMany((row, r) => row.Select((effect, c) => (Labels.Place(Request.By, r, c), effect, Exact![r][c])))
        .Where(point => !double.IsNaN(point.effect) && !double.IsNaN(point.Item3));

    private TableView Table()
    {
        double range = CleanValue - CorruptValue;
        string caption = FormattableString.Invariant($"The {Metric} is {CleanValue:0.00} on the clean prompt and {CorruptValue:0.00} on the corrupted one; shares are of that difference.");
        if (Exact is null)
        {
            return new("Places with the largest estimates", ["place", "estimate", "share"],
                [.. Ranked.Select(entry => (IReadOnlyList<object>)[entry.Place, entry.Effect, entry.Effect / range])])
            {
                Caption = caption + " --check patches every place for real too.",
            };
        }

        Dictionary<string, double> patched = PatchEffect.Of(Labels, Request.By, Exact).ToDictionary(entry => entry.Place, entry => entry.Effect, StringComparer.Ordinal);
        return new("Places with the largest estimates", ["place", "estimate", "share", "patched", "share patched"],
            [.. Ranked.Select(entry => (IReadOnlyList<object>)[entry.Place, entry.Effect, entry.Effect / range, patched[entry.Place], patched[entry.Place] / range])])
        {
            Caption = caption,
        };
    }

    private HeatMapView Map(string title, IReadOnlyList<IReadOnlyList<double>> values, bool diverging) => new(title, Labels.Rows, Labels.Columns, values)
    {
        RowAxis = Labels.RowAxis,
        ColumnAxis = Labels.ColumnAxis,
        Unit = $"change of the {Metric}",
        Diverging = diverging,
    };
}
