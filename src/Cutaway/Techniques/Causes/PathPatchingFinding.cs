using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>What is sent over which path.</summary>
public sealed record PathPatchingFinding : Finding
{
    // Effects below are no finding, on either side.
    private const double Noticeable = 0.001;

    private const string Unit = "share of the difference between clean and corrupted";

    /// <summary>Prompt pairs averaged over.</summary>
    public required int Pairs { get; init; }

    /// <summary>What was measured, in words.</summary>
    public required string Metric { get; init; }

    /// <summary>What paths could pass through.</summary>
    public required PathKind Path { get; init; }

    /// <summary>Which prompts were run.</summary>
    public required PatchDirection Direction { get; init; }

    /// <summary>The metric on the clean prompts.</summary>
    public required double Clean { get; init; }

    /// <summary>The metric on the corrupted prompts.</summary>
    public required double Corrupt { get; init; }

    /// <summary>The senders of each row.</summary>
    public required IReadOnlyList<IReadOnlyList<EdgeSource>> Rows { get; init; }

    /// <summary>The receivers of each column.</summary>
    public required IReadOnlyList<IReadOnlyList<EdgeDestination>> Columns { get; init; }

    /// <summary>Change of the metric, mean over pairs, [row][column]; NaN where the sender comes after the receiver.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Changes { get; init; }

    /// <summary>Standard error of each change over pairs; NaN for a single pair.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Errors { get; init; }

    /// <summary>Paths listed.</summary>
    public required int Top { get; init; }

    /// <summary>Changes as a share of the metric's difference between clean and corrupted prompts: −1 undoes it when noising, 1 restores it when denoising.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Scores => [.. Changes.Select(row => row.Select(change => change / (Clean - Corrupt)).ToArray())];

    /// <summary>Paths that there are, the strongest first.</summary>
    internal IReadOnlyList<(int Row, int Column, double Change)> Ranked =>
    [
        .. Changes.SelectMany((row, i) => row.Select((change, j) => (Row: i, Column: j, Change: change)))
            .Where(cell => !double.IsNaN(cell.Change))
            .OrderByDescending(cell => Math.Abs(cell.Change)),
    ];

    /// <summary>Whether there are MLPs to speak of.</summary>
    internal bool AttentionOnly { get; init; }

    /// <summary>Query heads that share a head of keys and values.</summary>
    internal int Group { get; init; } = 1;

    private bool Denoise => Direction == PatchDirection.Denoising;

    private double Start => Denoise ? Corrupt : Clean;

    private string Verb => Denoise ? "Restoring" : "Corrupting";

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            if (Ranked.Count == 0)
            {
                return "No sender comes before a receiver: there is no path";
            }

            (int row, int column, double change) = Ranked[0];
            string rest = Ranked.Count > 1 ? ", more than any other path" : "";
            return FormattableString.Invariant($"{Verb} what {Sender(row)} {(Rows[row].Count == 1 ? "sends" : "send")} to {Receiver(column)} takes the {Metric} from {Start:0.00} to {Start + change:0.00}{rest}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            (int Row, int Column, double Change)[] noticed = [.. Ranked.Where(cell => Math.Abs(Scores[cell.Row][cell.Column]) >= Noticeable)];
            (int Row, int Column, double Change)[] top = [.. (noticed.Length > 0 ? noticed : Ranked).Take(Top)];
            List<View> views =
            [
                new BarsView("Paths that matter most", [.. top.Select(cell => Name(cell.Row, cell.Column))], [.. top.Select(cell => Scores[cell.Row][cell.Column])])
                {
                    Unit = Unit,
                    Caption = Explanation,
                },
            ];
            if (Rows.Count > 1 && Columns.Count > 1)
            {
                views.Add(Grid());
                views.Add(CircuitDrawing.Of("The strongest paths", top.Select(cell => (Rows[cell.Row][0], Columns[cell.Column][0], Scores[cell.Row][cell.Column])), Group) with { Unit = Unit });
            }
            else if (Rows.Count > 1)
            {
                AddGrids(views, $"What each sender sends to {Receiver(0)}", [.. Rows.Select((row, i) => (row[0].Node, row[0].Node == EdgeNode.Head ? "heads" : "", row[0].Layer, row[0].Head, Scores[i][0]))]);
            }
            else if (Columns.Count > 1)
            {
                AddGrids(views, $"What each receiver gets from {Sender(0)}", [.. Columns.Select((column, j) =>
                    (column[0].Node, column[0].Node == EdgeNode.Head ? PathEnds.PortName(column[0].Port) : "", column[0].Layer, column[0].Head, Scores[0][j]))]);
            }

            views.Add(Numbers(top));
            return views;
        }
    }

    // Without senders that no receiver follows, and receivers that no sender precedes.
    private HeatMapView Grid()
    {
        int[] rows = [.. Enumerable.Range(0, Rows.Count).Where(row => Changes[row].Any(double.IsFinite))];
        int[] columns = [.. Enumerable.Range(0, Columns.Count).Where(column => Changes.Any(row => double.IsFinite(row[column])))];
        return new HeatMapView("Every path", [.. rows.Select(row => PathEnds.Name(Rows[row][0]))], [.. columns.Select(column => PathEnds.Name(Columns[column][0]))],
            [.. rows.Select(row => columns.Select(column => Scores[row][column]).ToArray())])
        {
            RowAxis = "sender",
            ColumnAxis = "receiver",
            Unit = Unit,
            Diverging = true,
            Caption = "Empty where the sender comes after the receiver.",
        };
    }

    private string Explanation
    {
        get
        {
            string passed = Path switch
            {
                PathKind.ThroughMlps or PathKind.Direct when AttentionOnly => "all other heads are held",
                PathKind.ThroughMlps => "all other heads are held, MLPs and norms recompute, so a path may pass through MLPs",
                PathKind.Direct => "all other heads and all MLPs are held, norms recompute",
                _ => "all other heads, all MLPs and the scales of the norms are held, so that paths add up",
            };
            string ends = Denoise ? $"0 is no effect, 1 restores the clean {Metric}" : $"0 is no effect, −1 turns the clean {Metric} into the corrupted one";
            return FormattableString.Invariant($"{ends} ({Clean:0.00} clean, {Corrupt:0.00} corrupted{(Pairs > 1 ? $", means of {Pairs} pairs" : "")}); {passed}. How other heads would answer to the change is not in it.");
        }
    }

    private string Sender(int row) => Rows[row] switch
    {
        [var one] => PathEnds.Label(one),
        { Count: <= 4 } few => string.Join(", ", few.Select(PathEnds.Name)),
        var many => $"{many.Count} senders",
    };

    private string Receiver(int column) => Columns[column] switch
    {
        [var one] => PathEnds.Label(one),
        { Count: <= 4 } few => string.Join(", ", few.Select(PathEnds.Name)),
        var many => $"{many.Count} inputs",
    };

    private string Name(int row, int column) => (Rows.Count > 1, Columns.Count > 1) switch
    {
        (true, false) => Sender(row),
        (false, true) => Receiver(column),
        _ => $"{Sender(row)} → {(Columns[column] is [{ Node: EdgeNode.Head } head] ? PathEnds.Name(head) : Receiver(column))}",
    };

    private TableView Numbers((int Row, int Column, double Change)[] top)
    {
        bool errors = Pairs > 1;
        string[] columns = ["sender", "receiver", $"change of the {Metric}", .. errors ? ["standard error"] : Array.Empty<string>(), "share"];
        return new TableView("In numbers", columns, [.. top.Select(cell => (IReadOnlyList<object>)
        [
            Sender(cell.Row), Receiver(cell.Column), cell.Change, .. errors ? [Errors[cell.Row][cell.Column]] : Array.Empty<object>(), Scores[cell.Row][cell.Column],
        ])]);
    }

    // A grid of layers and heads for each kind of input, and what has no heads as bars.
    private static void AddGrids(List<View> views, string title, IReadOnlyList<(EdgeNode Node, string Kind, int Layer, int Head, double Score)> cells)
    {
        foreach (IGrouping<string, (EdgeNode Node, string Kind, int Layer, int Head, double Score)> grid in cells.Where(cell => cell.Node == EdgeNode.Head).GroupBy(cell => cell.Kind))
        {
            int first = grid.Min(cell => cell.Layer);
            double[][] scores = [.. Enumerable.Range(first, grid.Max(cell => cell.Layer) - first + 1).Select(_ => Enumerable.Repeat(double.NaN, grid.Max(cell => cell.Head) + 1).ToArray())];
            foreach ((_, _, int layer, int head, double score) in grid)
            {
                scores[layer - first][head] = score;
            }

            views.Add(new HeatMapView($"{title}: {grid.Key}", [.. scores.Select((_, i) => $"{first + i}")], [.. scores[0].Select((_, head) => $"{head}")], scores)
            {
                RowAxis = "layer",
                ColumnAxis = "head",
                Unit = Unit,
                Diverging = true,
            });
        }

        (string Label, double Score)[] rest = [.. cells.Where(cell => cell.Node != EdgeNode.Head && !double.IsNaN(cell.Score))
            .Select(cell => (cell.Node switch { EdgeNode.Mlp => $"MLP {cell.Layer}", EdgeNode.Input => "embedding", _ => "logits" }, cell.Score))];
        if (rest.Length > 0 && rest.Length < cells.Count)
        {
            views.Add(new BarsView($"{title}: the rest", [.. rest.Select(cell => cell.Label)], [.. rest.Select(cell => cell.Score)]) { Unit = Unit });
        }
    }
}
