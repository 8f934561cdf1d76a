using Cutaway.Findings;

namespace Cutaway.Tests.Findings;

/// <summary>Findings that try to break a page: markup and control characters in every text, numbers that are none, nothing at all, too much.</summary>
internal static class HostileFindings
{
    /// <summary>Ends a script, an attribute and a comment; reorders text; is not valid in HTML or UTF-8.</summary>
    public const string Text = "</script><!--<script>\"'&lt;`\0\u0007\u202e\u2066\ud800]]>\u2028\n";

    /// <summary>Every kind of view with the text in every place that takes one.</summary>
    public static Sample Texts() => new(Text, [
        new TextView(Text, Text),
        new TableView(Text, [Text, Text], [[Text, 1], [Text, Text]]),
        new HeatMapView(Text, [Text, Text], [Text, Text], [[1, 2], [3, -4]]) { RowAxis = Text, ColumnAxis = Text, Unit = Text, CellText = [[Text, Text], [Text, Text]] },
        new BarsView(Text, [Text, Text], [1, -1]) { Unit = Text },
        new LinesView(Text, [0, 1], [new Line(Text, [0, 1]), new Line(Text, [1, 0])]) { XAxis = Text, YAxis = Text },
        new ScatterView(Text, [0, 1], [1, 0], [Text, Text]) { XAxis = Text, YAxis = Text },
        new TokensView(Text, [Text, Text], [1, 2]) { Unit = Text, Notes = [Text, Text] },
        new AttentionView(Text, [Text, Text], [new AttentionHead(Text, [[1, 0], [0.5, 0.5]])]),
        new GraphView(Text, [new GraphNode(Text, Text, 0, 0, 1), new GraphNode("b", Text, 1, 0, 1)], [new GraphEdge(Text, "b", 1)]),
    ])
    {
        Provenance = new Provenance("logit-lens", Text, Text, "float32", [Text], Text, Text, Text),
    };

    /// <summary>Every kind of view with NaN and infinities.</summary>
    public static Sample Numbers()
    {
        double[] odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e300];
        return new Sample("Numbers that are none", [
            new TableView("Table", ["what", "value"], [["NaN", double.NaN], ["infinite", double.PositiveInfinity], ["float", float.NegativeInfinity], ["small", 5e-324], ["nothing", null!]]),
            new HeatMapView("Heat map", ["a", "b"], ["1", "2", "3", "4"], [odd, odd]) { Diverging = true },
            new HeatMapView("Nothing but NaN", ["a"], ["1", "2"], [[double.NaN, double.NaN]]),
            new BarsView("Bars", ["a", "b", "c", "d"], odd),
            new LinesView("Lines", odd, [new Line("y", odd)]),
            new ScatterView("Scatter", odd, odd, ["a", "b", "c", "d"]),
            new TokensView("Tokens", ["a", "b", "c", "d"], odd),
            new AttentionView("Attention", ["a", "b"], [new AttentionHead("0.0", [[double.NaN, 0], [double.NaN, double.NaN]])]),
            new GraphView("Graph", [new GraphNode("a", "a", 0, 0, double.NaN), new GraphNode("b", "b", 1, 0, double.PositiveInfinity)], [new GraphEdge("a", "b", double.NaN)]),
        ]);
    }

    /// <summary>Every kind of view with nothing in it, and edges to nodes that do not exist.</summary>
    public static Sample Empty() => new("Nothing was found", [
        new TextView("Prose", ""),
        new TableView("Table", [], []),
        new TableView("Headings alone", ["a", "b"], []),
        new HeatMapView("Heat map", [], [], []),
        new HeatMapView("Rows without columns", ["a", "b"], [], [[], []]),
        new BarsView("Bars", [], []),
        new LinesView("Lines", [], []),
        new ScatterView("Scatter", [], [], []),
        new TokensView("Tokens", [], []),
        new AttentionView("No heads", ["a"], []),
        new AttentionView("No tokens", [], [new AttentionHead("0.0", [])]),
        new GraphView("Graph", [], []),
        new GraphView("Edges into nowhere", [new GraphNode("a", "a", 0, 0, 1)], [new GraphEdge("a", "gone", 1), new GraphEdge("gone", "a", 1)]),
    ]);

    /// <summary>A heat map of ten thousand cells, one of one cell, and a long text.</summary>
    public static Sample Large() => new("Large and small", [
        new HeatMapView("Ten thousand cells", [.. Enumerable.Range(0, 100).Select(i => $"{i}")], [.. Enumerable.Range(0, 100).Select(i => $"{i}")],
            [.. Enumerable.Range(0, 100).Select(i => (double[])[.. Enumerable.Range(0, 100).Select(j => SampleFindings.Noise(i, j))])]) { Diverging = true },
        new HeatMapView("One cell", ["a"], ["b"], [[0.25]]),
        new TokensView("A long text", [.. Enumerable.Range(0, 600).Select(i => i % 40 == 39 ? "\n\n" : $" w{i % 17}")], []),
        new TextView("A word that does not break", new string('x', 500)),
        new LinesView("Many lines", [.. Enumerable.Range(0, 20).Select(i => (double)i)],
            [.. Enumerable.Range(0, 12).Select(n => new Line($"line {n}", [.. Enumerable.Range(0, 20).Select(i => SampleFindings.Noise(i, n))]))]),
    ]);
}
