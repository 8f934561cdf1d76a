using System.Globalization;

namespace Cutaway.Findings;

/// <summary>The table behind a view: what a page offers beside a picture and a terminal prints instead of one.</summary>
/// <param name="Columns">Headings.</param>
/// <param name="Rows">Cells: text or numbers.</param>
/// <param name="Left">How many rows were left out to keep it readable.</param>
internal sealed record ViewTable(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object?>> Rows, int Left = 0)
{
    private const int MostCells = 4000;
    private const int MostRows = 400;

    /// <summary>The table of a view.</summary>
    public static ViewTable Of(View view) => view switch
    {
        TableView table => new ViewTable(table.Columns, table.Rows),
        HeatMapView map => OfHeatMap(map),
        BarsView bars => new ViewTable(
            ["name", Labels.Or(bars.Unit, "value")],
            [.. bars.Labels.Select((label, i) => (object?[])[label, bars.Values[i]])]),
        LinesView lines => new ViewTable(
            [Labels.Or(lines.XAxis, "x"), .. lines.Lines.Select(line => Labels.Visible(line.Name))],
            [.. lines.X.Select((x, i) => (object?[])[x, .. lines.Lines.Select(line => (object?)line.Y[i])])]),
        ScatterView scatter => new ViewTable(
            ["name", Labels.Or(scatter.XAxis, "x"), Labels.Or(scatter.YAxis, "y")],
            [.. scatter.Labels.Take(MostRows).Select((label, i) => (object?[])[label, scatter.X[i], scatter.Y[i]])],
            Math.Max(0, scatter.Labels.Count - MostRows)),
        TokensView tokens => OfTokens(tokens),
        AttentionView attention => OfAttention(attention),
        GraphView graph => OfGraph(graph),
        TextView text => new ViewTable([text.Title], [[text.Text]]),
        _ => throw new NotSupportedException($"no table for {view.GetType().Name}"),
    };

    private static ViewTable OfHeatMap(HeatMapView map)
    {
        string corner = map.RowAxis.Length > 0 && map.ColumnAxis.Length > 0 ? $"{map.RowAxis} \\ {map.ColumnAxis}" : map.RowAxis + map.ColumnAxis;
        NumberFormat format = NumberFormat.For(map.Values.SelectMany(row => row));
        if (map.ColumnLabels.Count == 0)
        {
            return new ViewTable([corner], []);
        }

        if (map.RowLabels.Count * map.ColumnLabels.Count <= MostCells)
        {
            return new ViewTable(
                [corner, .. map.ColumnLabels.Select(Labels.Visible)],
                [.. map.RowLabels.Select((label, i) => (object?[])[label, .. map.Values[i].Select((value, j) => map.CellText is { } text ? $"{Labels.Visible(text[i][j])} {format.Text(value)}" : (object?)value)])]);
        }

        (int I, int J, double Value)[] cells = [.. map.Values
            .SelectMany((row, i) => row.Select((value, j) => (i, j, value)))
            .Where(cell => !double.IsNaN(cell.value))
            .OrderByDescending(cell => Math.Abs(cell.value))];
        return new ViewTable(
            [Labels.Or(map.RowAxis, "row"), Labels.Or(map.ColumnAxis, "column"), Labels.Or(map.Unit, "value")],
            [.. cells.Take(MostRows).Select(cell => (object?[])[map.RowLabels[cell.I], map.ColumnLabels[cell.J], cell.Value])],
            Math.Max(0, cells.Length - MostRows));
    }

    private static ViewTable OfTokens(TokensView tokens)
    {
        List<string> columns = ["token", "position"];
        if (tokens.Values.Count > 0)
        {
            columns.Add(Labels.Or(tokens.Unit, "value"));
        }

        if (tokens.Notes.Count > 0)
        {
            columns.Add("note");
        }

        return new ViewTable(columns, [.. tokens.Tokens.Select((token, i) =>
        {
            List<object?> row = [token, i];
            if (tokens.Values.Count > 0)
            {
                row.Add(tokens.Values[i]);
            }

            if (tokens.Notes.Count > 0)
            {
                row.Add(tokens.Notes[i]);
            }

            return (IReadOnlyList<object?>)row;
        })]);
    }

    private static ViewTable OfAttention(AttentionView attention)
    {
        // Where not all fit, the last tokens of every head: they have most to choose from.
        int total = attention.Heads.Sum(head => head.Pattern.Count);
        int each = total <= MostRows ? int.MaxValue : Math.Max(1, MostRows / attention.Heads.Count);
        object?[][] rows = [.. attention.Heads.Take(MostRows).SelectMany(head => head.Pattern.Index().TakeLast(each).Select(row => (object?[])
        [
            head.Name,
            row.Index,
            attention.Tokens[row.Index],
            string.Join(", ", Sources(row.Item, 3).Select(k => string.Create(CultureInfo.InvariantCulture, $"{Labels.Visible(attention.Tokens[k])} {row.Item[k]:F2}"))),
        ]))];
        return new ViewTable(["head", "position", "query", "attends most to"], rows, total - rows.Length);
    }

    private static ViewTable OfGraph(GraphView graph)
    {
        Dictionary<string, string> names = graph.Nodes.ToDictionary(node => node.Id, node => Labels.Visible(node.Label));
        ILookup<string, GraphEdge> into = graph.Edges.OrderByDescending(edge => Math.Abs(edge.Value)).ToLookup(edge => edge.To);
        NumberFormat format = NumberFormat.For(graph.Edges.Select(edge => edge.Value));
        List<(string Name, Func<GraphNode, object?> Cell)> columns = [("node", node => node.Label)];
        if (graph.ColumnAxis.Length > 0)
        {
            columns.Add(("layer", node => node.Layer));
        }

        if (graph.Nodes.Any(node => node.Value != 0))
        {
            columns.Add(("value", node => node.Value));
        }

        columns.Add(("reads from", node => string.Join(", ", into[node.Id].Select(edge =>
            $"{names.GetValueOrDefault(edge.From, edge.From)}{(edge.Label.Length > 0 ? $" ({Labels.Visible(edge.Label)})" : "")} {format.Text(edge.Value)}"))));
        return new ViewTable(
            [.. columns.Select(column => column.Name)],
            [.. graph.Nodes.OrderBy(node => node.Layer).ThenBy(node => node.Position).Take(MostRows).Select(node => (object?[])[.. columns.Select(column => column.Cell(node))])],
            Math.Max(0, graph.Nodes.Count - MostRows));
    }

    /// <summary>The keys that a query attends to most, those with hardly any weight left out.</summary>
    public static IEnumerable<int> Sources(IReadOnlyList<double> weights, int count) => Enumerable.Range(0, weights.Count)
        .Where(k => weights[k] > 0.005)
        .OrderByDescending(k => weights[k])
        .Take(count);
}
