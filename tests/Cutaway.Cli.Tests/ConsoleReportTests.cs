using Cutaway.Findings;
using Cutaway.Findings.Console;

namespace Cutaway.Cli.Tests;

public class ConsoleReportTests
{
    private static readonly ConsoleStyle Narrow = new(80);
    private static readonly ConsoleStyle Plain = new(80, Unicode: false);

    public static TheoryData<View> Views =>
    [
        new TextView("t", "A paragraph\nof two lines."),
        new TableView("t", ["name", "n"], [["a", 1.5], ["b", -2]]),
        Grid(4, 5, diverging: true),
        Grid(70, 300, diverging: false),
        new BarsView("t", ["a", "b"], [1, -2]) { Unit = "logits" },
        new LinesView("t", [0, 1, 2], [new Line("one", [0, 0.5, 1]), new Line("two", [1, double.NaN, 0])]),
        new ScatterView("t", [0, 1], [0, 1], ["low", "high"]),
        new TokensView("t", [.. Enumerable.Range(0, 60).Select(i => $" word{i}")], [.. Enumerable.Range(0, 60).Select(i => i / 60.0)]),
        new AttentionView("t", ["a", "b"], [new AttentionHead("0.1", [[1, 0], [0.25, 0.75]])]),
        new GraphView("t", [new GraphNode("x", "from here", 0, 0, 1), new GraphNode("y", "to there", 1, 0, 1)], [new GraphEdge("x", "y", 0.5)]),
    ];

    [Theory]
    [MemberData(nameof(Views))]
    public void Every_kind_of_view_fits_its_width_without_escapes(View view)
    {
        foreach (ConsoleStyle style in (ConsoleStyle[])[Narrow, Plain, new(40), new(200)])
        {
            string text = Draw(view, style);
            Assert.DoesNotContain('\u001b', text);
            Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, style.Width));
            Assert.True(style.Unicode || text.All(char.IsAscii), text);
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    public void Colours_add_only_escapes_where_numbers_are_shown_anyway(View view)
    {
        string coloured = Draw(view, Narrow with { Colours = true });
        Assert.Contains("\u001b[", coloured, StringComparison.Ordinal);
    }

    [Fact]
    public void Awkward_numbers_and_empty_views_are_drawn()
    {
        View[] views =
        [
            new TableView("t", ["a"], []),
            new HeatMapView("t", [], [], []),
            new HeatMapView("t", ["r"], ["c"], [[double.NaN]]),
            new BarsView("t", [], []),
            new BarsView("t", ["a", "b"], [double.NaN, double.PositiveInfinity]),
            new LinesView("t", [], []),
            new ScatterView("t", [double.NaN], [1], ["x"]),
            new TokensView("t", [], []),
            new AttentionView("t", [], []),
            new GraphView("t", [], []),
        ];
        Assert.All(views, view => Assert.StartsWith("t\n", Draw(view, Narrow), StringComparison.Ordinal));
    }

    [Fact]
    public void Tables_align_numbers_and_say_what_was_left_out()
    {
        string[] lines = Draw(new TableView("Scores", ["head", "score"], [["0.1", 0.5], ["10.2", -12.25]]), Narrow).Split('\n');
        string first = Assert.Single(lines, line => line.Contains("0.50", StringComparison.Ordinal));
        string second = Assert.Single(lines, line => line.Contains("-12.25", StringComparison.Ordinal));
        Assert.Equal(first.Length, second.Length);
        Assert.Contains("30 rows more", Draw(new TableView("t", ["n"], [.. Enumerable.Range(0, 80).Select(i => (IReadOnlyList<object>)[i])]), Narrow), StringComparison.Ordinal);
    }

    [Fact]
    public void Heat_maps_show_numbers_where_they_fit_and_signs_where_they_do_not()
    {
        Assert.Contains("-0.60", Draw(Grid(2, 5, diverging: true), Narrow), StringComparison.Ordinal);
        Assert.Contains("strongest: (r1, c59) 22.4", Draw(Grid(2, 60, diverging: true), Narrow), StringComparison.Ordinal);
        HeatMapView signs = new("t", ["r"], [.. Enumerable.Range(0, 60).Select(j => $"{j}")], [[.. Enumerable.Range(0, 60).Select(j => j % 2 == 0 ? 0.5 : -0.5)]]) { Diverging = true };
        Assert.Contains("r  █-█ █-█", Draw(signs, Narrow), StringComparison.Ordinal);
    }

    [Fact]
    public void Words_in_cells_keep_their_level_without_colours()
    {
        HeatMapView map = new("t", ["0"], ["a", "b"], [[0, 1]]) { CellText = [[" the", " Mary"]] };
        string text = Draw(map, Narrow);
        Assert.Contains(" ·the", text, StringComparison.Ordinal);
        Assert.Contains("█·Mary", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_grow_with_their_numbers_to_both_sides_of_zero()
    {
        string[] lines = Draw(new BarsView("t", ["up", "down", "half"], [2, -2, 1]), Plain).Split('\n');
        Assert.Equal(Count(lines[1], '#'), Count(lines[2], '='));
        Assert.InRange(Count(lines[3], '#'), (Count(lines[1], '#') / 2) - 1, (Count(lines[1], '#') / 2) + 1);
        Assert.True(lines[2].IndexOf('=', StringComparison.Ordinal) < lines[1].IndexOf('#', StringComparison.Ordinal));
        static int Count(string line, char c) => line.Count(other => other == c);
    }

    [Fact]
    public void Tokens_stand_over_their_numbers()
    {
        string[] lines = Draw(new TokensView("t", ["When", " Mary"], [0.5, -1]) { Unit = "logits" }, Narrow).Split('\n');
        Assert.Equal("When  ·Mary", lines[1]);
        Assert.Equal("0.500 -1.000", lines[2]);
        Assert.Equal("logits", lines[3]);
    }

    [Fact]
    public void Attention_says_where_each_token_looks()
    {
        string text = Draw(new AttentionView("t", ["a", " b"], [new AttentionHead("0.1", [[1, 0], [0.25, 0.75]])]), Narrow);
        Assert.Contains("head 0.1", text, StringComparison.Ordinal);
        Assert.Contains("▂▆", text, StringComparison.Ordinal);
        Assert.Contains("·b 0.75  a 0.25", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_from_a_model_cannot_reach_the_terminal_as_escapes()
    {
        const string Hostile = "a\u001b[31mb\u202ec\u0007";
        foreach (View view in (View[])
        [
            new TextView(Hostile, Hostile) { Caption = Hostile },
            new TableView(Hostile, [Hostile], [[Hostile]]),
            new TokensView(Hostile, [Hostile], [1]) { Unit = Hostile, Notes = [Hostile] },
            new BarsView(Hostile, [Hostile], [1]) { Unit = Hostile },
            new HeatMapView(Hostile, [Hostile], [Hostile], [[1]]) { CellText = [[Hostile]], Unit = Hostile, RowAxis = Hostile },
            new AttentionView(Hostile, [Hostile], [new AttentionHead(Hostile, [[1]])]),
            new ScatterView(Hostile, [1], [1], [Hostile]),
            new LinesView(Hostile, [1], [new Line(Hostile, [1])]) { XAxis = Hostile },
        ])
        {
            string text = Draw(view, Narrow);
            Assert.DoesNotContain(text, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        }
    }

    private static string Draw(View view, ConsoleStyle style)
    {
        using StringWriter writer = new() { NewLine = "\n" };
        ConsoleReport.Write(writer, view, style);
        return writer.ToString();
    }

    private static HeatMapView Grid(int rows, int columns, bool diverging) => new(
        "Grid",
        [.. Enumerable.Range(0, rows).Select(i => $"r{i}")],
        [.. Enumerable.Range(0, columns).Select(j => $"c{j}")],
        [.. Enumerable.Range(0, rows).Select(i => (double[])[.. Enumerable.Range(0, columns).Select(j => (i + 1) * 0.1 * (j - 3) * (diverging ? 2 : 1))])])
    { Diverging = diverging, RowAxis = "layer", ColumnAxis = "head", Unit = "share" };
}
