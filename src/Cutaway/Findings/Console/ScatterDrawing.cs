using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>Draws labelled points on a plane of characters, and lists them.</summary>
internal static class ScatterDrawing
{
    private const int Rows = 18;
    private const int LabelWidth = 12;
    private const int MostListed = 16;

    /// <summary>The drawing.</summary>
    public static IEnumerable<IRenderable> Of(ScatterView view, ConsoleStyle style)
    {
        int[] points = [.. Enumerable.Range(0, view.X.Count).Where(i => double.IsFinite(view.X[i]) && double.IsFinite(view.Y[i]))];
        if (points.Length > 0)
        {
            yield return Plane(view, style, points);
        }

        int[] listed = points.Length > MostListed ? Outermost(view, points) : [.. Enumerable.Range(0, view.X.Count)];
        ScatterView list = new(view.Title, [.. listed.Select(i => view.X[i])], [.. listed.Select(i => view.Y[i])], [.. listed.Select(i => view.Labels[i])]) { XAxis = view.XAxis, YAxis = view.YAxis };
        foreach (IRenderable part in TableDrawing.Of(ViewTable.Of(list) with { Left = view.X.Count - listed.Length }, style))
        {
            yield return part;
        }
    }

    // Of a cloud, the points on its outside, in the order of the view.
    private static int[] Outermost(ScatterView view, int[] points)
    {
        (double x, double width) = Spread(points, view.X);
        (double y, double height) = Spread(points, view.Y);
        return [.. points.OrderByDescending(i => Math.Max(Math.Abs(view.X[i] - x) / width, Math.Abs(view.Y[i] - y) / height)).Take(MostListed).Order()];
    }

    private static (double Mean, double Range) Spread(int[] points, IReadOnlyList<double> values)
    {
        double range = points.Max(i => values[i]) - points.Min(i => values[i]);
        return (points.Average(i => values[i]), range > 0 ? range : 1);
    }

    private static Paragraph Plane(ScatterView view, ConsoleStyle style, int[] points)
    {
        int columns = Math.Min(style.Width, 100) - LabelWidth - 3;
        string?[,] cells = new string?[Rows, columns + LabelWidth + 2];
        double left = points.Min(i => view.X[i]);
        double right = points.Max(i => view.X[i]);
        double bottom = points.Min(i => view.Y[i]);
        double top = points.Max(i => view.Y[i]);
        foreach (int i in points)
        {
            int row = Rows - 1 - Place(view.Y[i], bottom, top, Rows);
            int column = Place(view.X[i], left, right, columns);
            string label = style.Clip(style.Label(view.Labels[i]), LabelWidth);
            cells[row, column] = style.Unicode ? "•" : "o";
            Put(cells, row, column + 1, label);
        }

        Paragraph text = new();
        for (int row = 0; row < Rows; row++)
        {
            text.Append((style.Unicode ? "│" : "|") + string.Concat(Enumerable.Range(0, cells.GetLength(1)).Select(column => cells[row, column] ?? " ")).TrimEnd() + "\n");
        }

        NumberFormat x = NumberFormat.For(view.X);
        NumberFormat y = NumberFormat.For(view.Y);
        string axes = $"across: {Labels.Or(view.XAxis, "x")} {x.Text(left)} to {x.Text(right)}; up: {Labels.Or(view.YAxis, "y")} {y.Text(bottom)} to {y.Text(top)}\n";
        text.Append(style.Prose(axes), new Style(decoration: Decoration.Dim));
        return text;
    }

    // A label is written only where it covers nothing; the list below has all.
    private static void Put(string?[,] cells, int row, int column, string label)
    {
        int width = ConsoleStyle.Cells(label);
        if (width != label.Length || column + width > cells.GetLength(1) || Enumerable.Range(column, width).Any(at => cells[row, at] is not null))
        {
            return;
        }

        for (int i = 0; i < label.Length; i++)
        {
            cells[row, column + i] = label[i].ToString();
        }
    }

    private static int Place(double value, double low, double high, int count) =>
        high > low ? (int)Math.Round((value - low) / (high - low) * (count - 1)) : count / 2;
}
