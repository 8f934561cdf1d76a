using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>What ablating one head does to the answer's logit, and who makes up for it. Means over pairs.</summary>
/// <param name="Layer">The head's layer.</param>
/// <param name="Head">Its index.</param>
public sealed record HeadRepair(int Layer, int Head)
{
    /// <summary>What the head writes to the answer directly in the clean run.</summary>
    public required double Wrote { get; init; }

    /// <summary>The whole change.</summary>
    public required double Total { get; init; }

    /// <summary>The change of what the head itself writes directly.</summary>
    public required double Direct { get; init; }

    /// <summary>The change of what later heads write directly.</summary>
    public required double LaterHeads { get; init; }

    /// <summary>The change of what MLPs write directly.</summary>
    public required double Mlps { get; init; }

    /// <summary>What the norms' new scales do to everything: the final norm's, and where layers have norms at their ends, theirs.</summary>
    public required double Norms { get; init; }

    /// <summary>What is made up for: the total less the direct change.</summary>
    public double Repair => Total - Direct;

    /// <summary>Such as <c>9.6</c>.</summary>
    public string Name => $"{Layer}.{Head}";
}

/// <summary>How later parts make up for ablated heads.</summary>
public sealed record SelfRepairFinding : Finding
{
    // Below it a share would divide by next to nothing.
    private const double Noticeable = 0.05;

    /// <summary>Prompt pairs averaged over.</summary>
    public required int Pairs { get; init; }

    /// <summary>What ablated heads became.</summary>
    public required RepairAblation Ablation { get; init; }

    /// <summary>What was measured, in words.</summary>
    public required string Metric { get; init; }

    /// <summary>It, with nothing ablated.</summary>
    public required double Clean { get; init; }

    /// <summary>Every head, by layer.</summary>
    public required IReadOnlyList<HeadRepair> Heads { get; init; }

    /// <summary>Heads listed.</summary>
    public required int Top { get; init; }

    /// <summary>How much is made up for when a head loses one unit of direct effect: the slope of the least-squares line through all heads.</summary>
    public double Coefficient
    {
        get
        {
            double x = Heads.Average(head => -head.Direct);
            double y = Heads.Average(head => head.Repair);
            double squares = Heads.Sum(head => (-head.Direct - x) * (-head.Direct - x));
            return squares == 0 ? double.NaN : Heads.Sum(head => (-head.Direct - x) * (head.Repair - y)) / squares;
        }
    }

    /// <summary>The heads whose ablation takes the most from the answer directly.</summary>
    internal IReadOnlyList<HeadRepair> Ranked => [.. Heads.OrderBy(head => head.Direct)];

    private string Becomes => Ablation switch
    {
        RepairAblation.Corrupt => "what it was on the corrupted prompt",
        RepairAblation.Roll => "what it was on another prompt",
        RepairAblation.Mean => "its mean",
        _ => "zero",
    };

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            HeadRepair head = Ranked[0];
            if (head.Direct > -Noticeable)
            {
                return $"No head's ablation takes anything from the {Metric} directly: there is nothing to repair";
            }

            double share = head.Repair / -head.Direct;
            string rest = share switch
            {
                < -0.02 => FormattableString.Invariant($"another {-head.Repair:0.00} by what later parts make of it"),
                < 0.02 => "nothing makes up for it",
                <= 1 => FormattableString.Invariant($"later parts make up for {share:0%} of it"),
                _ => FormattableString.Invariant($"later parts make up for more than that ({share:0%})"),
            };
            return FormattableString.Invariant($"Without head {head.Name} the {Metric} ({Clean:0.00}) loses {-head.Direct:0.00} directly, and {rest}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            HeadRepair[] top = [.. Ranked.Take(Top)];
            string over = Pairs > 1 ? $", means of {Pairs} pairs" : "";
            int layers = Heads[^1].Layer + 1;
            int heads = Heads.Count / layers;
            List<(string Name, Func<HeadRepair, object> Cell)> columns =
            [
                ("head", head => head.Name), ("lost directly", head => -head.Direct), ("made up for", head => head.Repair), ("by heads", head => head.LaterHeads),
                .. Column("by MLPs", head => head.Mlps), .. Column("by norms", head => head.Norms), ("whole change", head => head.Total),
            ];
            return
            [
                new TableView("Heads that write most to the answer, ablated", [.. columns.Select(column => column.Name)],
                    [.. top.Select(head => (IReadOnlyList<object>)[.. columns.Select(column => column.Cell(head))])])
                {
                    Caption = $"Each head alone becomes {Becomes}{over}. Lost directly: what it no longer writes to the {Metric}, the final norm's scale held. Made up for: the whole change and that together, split into what later heads and MLPs then write and what the new scale of the norm does to everything.",
                },
                new ScatterView("Repair of every head", [.. Heads.Select(head => -head.Direct)], [.. Heads.Select(head => head.Repair)], [.. Heads.Select(head => head.Name)])
                {
                    XAxis = "lost directly", YAxis = "made up for",
                    Caption = FormattableString.Invariant($"On the line y = x a loss would be made up for in full; at 0 not at all. The least-squares slope through all heads is {Coefficient:0.00}. A head that other heads read changes them for better or worse, so points off the line are no repair by themselves."),
                },
                new HeatMapView("Made up for", [.. Enumerable.Range(0, layers).Select(layer => $"{layer}")], [.. Enumerable.Range(0, heads).Select(head => $"{head}")],
                    [.. Heads.Chunk(heads).Select(row => row.Select(head => head.Repair).ToArray())])
                {
                    RowAxis = "layer", ColumnAxis = "head", Unit = Metric, Diverging = true,
                    Caption = "Positive: after the ablation the rest of the network writes more to the answer than before. Negative: the rest relied on the head.",
                },
            ];
        }
    }

    // A network without such parts has no column of zeros.
    private (string, Func<HeadRepair, object>)[] Column(string name, Func<HeadRepair, double> value) =>
        Heads.All(head => value(head) == 0) ? [] : [(name, head => value(head))];
}
