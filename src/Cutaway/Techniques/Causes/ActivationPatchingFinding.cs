using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>What patching each place does.</summary>
public sealed record ActivationPatchingFinding : Finding
{
    // Patterns of more heads would fill a page.
    private const int HeadsDrawn = 4;

    // Effects below are no finding, on either side.
    private const double Noticeable = 0.01;

    // Places that a headline can follow.
    private const int MostStays = 4;

    /// <summary>What was asked.</summary>
    public required ActivationPatching Request { get; init; }

    /// <summary>What rows and columns of <see cref="Effects"/> are.</summary>
    public required PatchLabels Labels { get; init; }

    /// <summary>What was measured.</summary>
    public required string Metric { get; init; }

    /// <summary>The metric of the clean prompts, unchanged: the mean over pairs.</summary>
    public required double CleanValue { get; init; }

    /// <summary>The metric of the corrupted prompts, unchanged.</summary>
    public required double CorruptValue { get; init; }

    /// <summary>
    /// The change of the metric as a share of <see cref="CleanValue"/> − <see cref="CorruptValue"/>, [row][column]: from 0 to 1
    /// when denoising, from 0 to −1 when noising, and beyond where a patch does more. NaN where there is no such place.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<double>> Effects { get; init; }

    /// <summary>The places that carry the answer, the largest effect first: what restores it when denoising, what loses it when noising. None may.</summary>
    public IReadOnlyList<PatchEffect> Ranked =>
        [.. Places.Where(entry => Towards(entry) > Noticeable).OrderByDescending(Towards).Take(Request.Top)];

    /// <summary>The places that work against the answer, the largest effect first; none may.</summary>
    public IReadOnlyList<PatchEffect> Against =>
    [
        .. Places.Where(entry => Towards(entry) < -Noticeable).OrderBy(Towards).Take(Request.Top),
    ];

    // How far an effect goes the way that patching is to go: to the clean answer when denoising, away from it when noising.
    private double Towards(PatchEffect entry) => Denoising ? entry.Effect : -entry.Effect;

    private IEnumerable<PatchEffect> Places => PatchEffect.Of(Labels, Request.By, Effects);

    private bool Denoising => Request.Direction == PatchDirection.Denoising;

    private string What => KebabCase.Of(Request.Over.ToString());

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            string values = FormattableString.Invariant($"{CleanValue:0.00} clean, {CorruptValue:0.00} corrupted");
            string does = Denoising ? "restores" : "loses";
            if (Ranked.Count == 0)
            {
                return $"No single place ({What}) {does} any of the {Metric} ({values})";
            }

            if (Stays() is { Count: > 0 } stays)
            {
                return $"What {(Denoising ? $"restores the {Metric} ({values})" : $"the {Metric} ({values}) needs")} is in {What} {Listed(stays)}";
            }

            PatchEffect best = Ranked[0];
            return FormattableString.Invariant($"Patching {best.Place} ({What}) {does} {Towards(best):0.00} of the {Metric} ({values}), more than any other single place");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        .. Ranked.Count == 0 ? [] : new View[]
        {
            Table(Denoising ? "Places that restore the answer" : "Places without which the answer is lost", Ranked) with
            {
                Caption = FormattableString.Invariant($"{CleanValue:0.00} on the clean prompt, {CorruptValue:0.00} on the corrupted one, with nothing changed."),
            },
        },
        .. Against.Count == 0 ? [] : new View[] { Table("Places that work against it", Against) },
        .. Maps(),
        new TextView("What it means", Meaning),
    ];

    private double Base => Denoising ? CorruptValue : CleanValue;

    private string Meaning
    {
        get
        {
            string source = Request.Source switch
            {
                PatchSource.Zero => "zero",
                PatchSource.Mean => "its mean over the positions of the corrupted prompt",
                PatchSource.Noise => FormattableString.Invariant($"itself with noise of {Request.Noise:0.##} standard deviations"),
                _ => "what it was on the " + (Denoising ? "clean" : "corrupted") + " prompt",
            };
            string window = Request.Window > 1 ? $" {Request.Window} layers are patched together, around the layer named." : "";
            return Denoising
                ? $"The corrupted prompt runs, and one place at a time ({What}) becomes {source}. An effect of 1 restores the clean answer in full: that place suffices. 0 leaves the corrupted answer.{window} "
                    + "Below 0 it pushes further away, above 1 it overshoots; neither is cut off. Where several places carry the same, each shows up alone; where several are needed together, none does."
                : $"The clean prompt runs, and one place at a time ({What}) becomes {source}. An effect of −1 is as bad as the corrupted prompt: that place is needed. 0 changes nothing.{window} "
                    + "Above 0 the answer becomes clearer, below −1 it overshoots; neither is cut off. Where several places carry the same, none shows up alone, and later heads may step in for what is lost.";
        }
    }

    private static string Listed(IReadOnlyList<string> parts) => parts.Count == 1 ? parts[0] : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}";

    // A stream carries everything there is, so that its best place alone says little: where it is, layer by layer, says how it moves.
    private IReadOnlyList<string> Stays()
    {
        if (Request.By != PatchBy.Position || Request.Over is not (PatchSite.ResidPre or PatchSite.ResidMid or PatchSite.ResidPost))
        {
            return [];
        }

        int sign = Denoising ? 1 : -1;
        List<(int Column, int From, int To)> stays = [];
        for (int row = 0; row < Effects.Count; row++)
        {
            int column = Enumerable.Range(0, Effects[row].Count).MaxBy(position => sign * Effects[row][position]);
            if (sign * Effects[row][column] <= Noticeable)
            {
                continue;
            }

            if (stays.Count > 0 && stays[^1].Column == column && stays[^1].To == row - 1)
            {
                stays[^1] = stays[^1] with { To = row };
            }
            else
            {
                stays.Add((column, row, row));
            }
        }

        return stays.Count > MostStays ? [] : [.. stays.Select(stay => FormattableString.Invariant($"at '{Labels.Columns[stay.Column].Trim()}' ({stay.Column}) {When(stay.From, stay.To)}"))];

        string When(int from, int to) => (from == to, from == 0, to == Effects.Count - 1) switch
        {
            (false, true, true) => "throughout",
            (false, true, false) => $"up to layer {Labels.Rows[to]}",
            (_, false, true) => $"from layer {Labels.Rows[from]}",
            (true, _, _) => $"in layer {Labels.Rows[from]}",
            _ => $"in layers {Labels.Rows[from]} to {Labels.Rows[to]}",
        };
    }

    private TableView Table(string title, IReadOnlyList<PatchEffect> places) => new(title, ["place", "effect", Metric],
        [.. places.Select(entry => (IReadOnlyList<object>)[entry.Place, entry.Effect, Base + (entry.Effect * (CleanValue - CorruptValue))])]);

    private IEnumerable<View> Maps()
    {
        if (Request.By == PatchBy.Neuron)
        {
            // Thousands of columns are no picture; the table has those that matter.
            return [];
        }

        return Request.By == PatchBy.Edge ? Edges() : [Map($"Every place: {What}", Labels.Rows, Effects, Labels.RowAxis)];
    }

    private IEnumerable<View> Edges()
    {
        int positions = Labels.Columns.Count;
        return Enumerable.Range(0, Effects.Count / positions)
            .OrderByDescending(head => Effects.Skip(head * positions).Take(positions).Max(row => row.Max(effect => double.IsNaN(effect) ? 0 : Math.Abs(effect))))
            .Take(HeadsDrawn)
            .Select(head => Map($"{What} of head {Labels.Rows[head * positions].Split(' ')[0]}", Labels.Columns, [.. Effects.Skip(head * positions).Take(positions)], "query"));
    }

    private HeatMapView Map(string title, IReadOnlyList<string> rows, IReadOnlyList<IReadOnlyList<double>> values, string axis) => new(title, rows, Labels.Columns, values)
    {
        RowAxis = axis,
        ColumnAxis = Labels.ColumnAxis,
        Unit = "share of the difference",
        Diverging = true,
        Caption = Denoising ? "1 restores the clean answer, 0 leaves the corrupted one." : "−1 is as bad as the corrupted prompt, 0 changes nothing.",
    };
}
