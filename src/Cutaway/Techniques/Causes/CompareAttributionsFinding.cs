using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>One method's estimates and how they agree with what was patched for real.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Estimates">The estimated change of the metric, by place.</param>
/// <param name="Agreement">How well they stand for the truth.</param>
public sealed record MethodAgreement(string Method, IReadOnlyList<double> Estimates, Correlation Agreement);

/// <summary>Places patched for real, and what methods estimated for them.</summary>
/// <param name="Labels">The places.</param>
/// <param name="Exact">The change of the metric when each is patched.</param>
/// <param name="Methods">The methods.</param>
public sealed record AttributionComparison(IReadOnlyList<string> Labels, IReadOnlyList<double> Exact, IReadOnlyList<MethodAgreement> Methods)
{
    /// <summary>The method whose ranks agree best.</summary>
    public MethodAgreement Best => Methods.MaxBy(method => double.IsNaN(method.Agreement.Spearman) ? -1 : method.Agreement.Spearman)!;

    /// <summary>Compares methods with the truth; places that do not exist (NaN) are left out.</summary>
    internal static AttributionComparison Of(IReadOnlyList<string> labels, IReadOnlyList<double> exact, IReadOnlyList<(string Name, double[] Estimates)> methods, int top)
    {
        int[] kept = [.. Enumerable.Range(0, exact.Count).Where(i => !double.IsNaN(exact[i]))];
        double[] truth = [.. kept.Select(i => exact[i])];

        // Of more than half of all places, any method finds most.
        top = Math.Clamp(top, 1, Math.Max(1, truth.Length / 2));
        return new(
            [.. kept.Select(i => labels[i])],
            truth,
            [
                .. methods.Select(method => (method.Name, Estimates: kept.Select(i => method.Estimates[i]).ToArray()))
                    .Select(method => new MethodAgreement(method.Name, method.Estimates, Correlation.Of(method.Estimates, truth, top))),
            ]);
    }
}

/// <summary>How well gradient methods agree with patching.</summary>
public sealed record CompareAttributionsFinding : Finding
{
    // More points than this hide one another in a scatter plot.
    private const int Drawn = 2000;

    /// <summary>What was measured.</summary>
    public required string Metric { get; init; }

    /// <summary>What was patched.</summary>
    public required PatchSite Over { get; init; }

    /// <summary>The comparison over places.</summary>
    public required AttributionComparison Places { get; init; }

    /// <summary>The comparison over edges, or null.</summary>
    public required AttributionComparison? Edges { get; init; }

    private string What => KebabCase.Of(Over.ToString());

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            string places = $"Over {Places.Exact.Count} places ({What}) the {Said(Places.Best)} with real patches";
            return Edges is null ? places : $"{places}; over {Edges.Exact.Count} edges {Said(Edges.Best)}";
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        Table($"Places: {What}", Places),
        .. Scatters(Places),
        .. Edges is null ? [] : new View[] { Table("Edges", Edges) },
        .. Edges is null ? [] : Scatters(Edges),
    ];

    private static string Said(MethodAgreement method) => FormattableString.Invariant($"{method.Method} agrees best (Spearman {method.Agreement.Spearman:0.00}, Pearson {method.Agreement.Pearson:0.00})");

    private TableView Table(string title, AttributionComparison comparison) => new(title, ["method", "Pearson", "Spearman", "same sign", $"of the {comparison.Methods[0].Agreement.Top} largest"],
        [.. comparison.Methods.Select(method => (IReadOnlyList<object>)[method.Method, method.Agreement.Pearson, method.Agreement.Spearman, method.Agreement.SignAgreement, method.Agreement.TopOverlap])])
    {
        Caption = $"Each method against {comparison.Exact.Count} real patches, by their change of the {Metric}. The last column is the share of the largest real effects that are among the method's largest.",
    };

    private static IEnumerable<View> Scatters(AttributionComparison comparison)
    {
        int[] shown = [.. Enumerable.Range(0, comparison.Exact.Count).OrderByDescending(i => Math.Abs(comparison.Exact[i])).Take(Drawn)];
        return comparison.Methods.Select(method => new ScatterView(
            method.Method, [.. shown.Select(i => method.Estimates[i])], [.. shown.Select(i => comparison.Exact[i])], [.. shown.Select(i => comparison.Labels[i])])
        {
            XAxis = "estimated change",
            YAxis = "change when patched",
            Caption = $"{method.Agreement}.",
        });
    }
}
