using System.Text.Json.Serialization;

namespace Cutaway.Findings;

/// <summary>One thing to look at. Renderers know these kinds and nothing of techniques.</summary>
/// <param name="Title">What it shows, in a few words.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TextView), "text")]
[JsonDerivedType(typeof(TableView), "table")]
[JsonDerivedType(typeof(HeatMapView), "heat-map")]
[JsonDerivedType(typeof(BarsView), "bars")]
[JsonDerivedType(typeof(LinesView), "lines")]
[JsonDerivedType(typeof(ScatterView), "scatter")]
[JsonDerivedType(typeof(TokensView), "tokens")]
[JsonDerivedType(typeof(AttentionView), "attention")]
[JsonDerivedType(typeof(GraphView), "graph")]
public abstract record View(string Title)
{
    /// <summary>What to see in it, in a sentence or two; shown as the caption.</summary>
    public string Caption { get; init; } = "";
}

/// <summary>A paragraph.</summary>
public sealed record TextView(string Title, string Text) : View(Title);

/// <summary>A table.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">Headings.</param>
/// <param name="Rows">Cells: strings or numbers; numbers are aligned and rounded by the renderer.</param>
public sealed record TableView(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object>> Rows) : View(Title);

/// <summary>A matrix of numbers by colour: layer by position, a head grid, a confusion.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="RowLabels">One a row, top to bottom.</param>
/// <param name="ColumnLabels">One a column.</param>
/// <param name="Values">[row][column]; NaN cells are drawn empty.</param>
public sealed record HeatMapView(string Title, IReadOnlyList<string> RowLabels, IReadOnlyList<string> ColumnLabels, IReadOnlyList<IReadOnlyList<double>> Values)
    : View(Title)
{
    /// <summary>What rows are.</summary>
    public string RowAxis { get; init; } = "";

    /// <summary>What columns are.</summary>
    public string ColumnAxis { get; init; } = "";

    /// <summary>What a value is, with its unit.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Whether zero is a natural middle, so that a diverging scale fits.</summary>
    public bool Diverging { get; init; }

    /// <summary>Text drawn in each cell, [row][column], or null to draw the number where there is room.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? CellText { get; init; }
}

/// <summary>Bars with labels, in the order given.</summary>
public sealed record BarsView(string Title, IReadOnlyList<string> Labels, IReadOnlyList<double> Values) : View(Title)
{
    /// <summary>What a value is, with its unit.</summary>
    public string Unit { get; init; } = "";
}

/// <summary>One line of a chart.</summary>
public sealed record Line(string Name, IReadOnlyList<double> Y);

/// <summary>Lines over one common axis.</summary>
public sealed record LinesView(string Title, IReadOnlyList<double> X, IReadOnlyList<Line> Lines) : View(Title)
{
    /// <summary>What x is.</summary>
    public string XAxis { get; init; } = "";

    /// <summary>What y is, with its unit.</summary>
    public string YAxis { get; init; } = "";
}

/// <summary>Labelled points.</summary>
public sealed record ScatterView(string Title, IReadOnlyList<double> X, IReadOnlyList<double> Y, IReadOnlyList<string> Labels) : View(Title)
{
    /// <summary>What x is.</summary>
    public string XAxis { get; init; } = "";

    /// <summary>What y is.</summary>
    public string YAxis { get; init; } = "";
}

/// <summary>A text, token by token, coloured by a number each.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Tokens">Texts of the tokens.</param>
/// <param name="Values">One number a token, or empty for none.</param>
public sealed record TokensView(string Title, IReadOnlyList<string> Tokens, IReadOnlyList<double> Values) : View(Title)
{
    /// <summary>What a value is, with its unit.</summary>
    public string Unit { get; init; } = "";

    /// <summary>More about each token, shown on demand, or empty.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One attention pattern.</summary>
/// <param name="Name">Such as "23.3" for layer 23, head 3.</param>
/// <param name="Pattern">[query][key].</param>
public sealed record AttentionHead(string Name, IReadOnlyList<IReadOnlyList<double>> Pattern);

/// <summary>Attention patterns of chosen heads over one text.</summary>
public sealed record AttentionView(string Title, IReadOnlyList<string> Tokens, IReadOnlyList<AttentionHead> Heads) : View(Title);

/// <summary>A node of a graph.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Label">What to print.</param>
/// <param name="Layer">Its row, from the bottom.</param>
/// <param name="Position">Its column.</param>
/// <param name="Value">Its weight.</param>
public sealed record GraphNode(string Id, string Label, int Layer, int Position, double Value);

/// <summary>An edge of a graph.</summary>
/// <param name="From">The id of the node it leaves.</param>
/// <param name="To">The id of the node it enters.</param>
/// <param name="Value">Its weight.</param>
public sealed record GraphEdge(string From, string To, double Value)
{
    /// <summary>By what it enters, such as <c>q</c>, or empty.</summary>
    public string Label { get; init; } = "";
}

/// <summary>A weighted graph in layers: a circuit.</summary>
public sealed record GraphView(string Title, IReadOnlyList<GraphNode> Nodes, IReadOnlyList<GraphEdge> Edges) : View(Title)
{
    /// <summary>What columns are, such as <c>token</c>; empty where they mean nothing, and nodes stand where edges cross least.</summary>
    public string ColumnAxis { get; init; } = "";

    /// <summary>What an edge's weight is, with its unit.</summary>
    public string Unit { get; init; } = "";
}
