using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>Draws lines as rows of levels over one axis, and the numbers below where they are few.</summary>
internal static class LinesDrawing
{
    private const int MostLines = 12;
    private const int MostLabel = 20;
    private static readonly Style Quiet = new(decoration: Decoration.Dim);

    /// <summary>The drawing.</summary>
    public static IEnumerable<IRenderable> Of(LinesView view, ConsoleStyle style)
    {
        int count = Math.Min(view.Lines.Count, MostLines);
        if (count == 0 || view.X.Count == 0)
        {
            yield break;
        }

        int labels = Math.Min(MostLabel, view.Lines.Take(count).Max(line => ConsoleStyle.Cells(style.Label(line.Name))));
        NumberFormat format = NumberFormat.For(view.Lines.SelectMany(line => line.Y));
        double least = view.Lines.SelectMany(line => line.Y).Where(double.IsFinite).DefaultIfEmpty().Min();
        double most = view.Lines.SelectMany(line => line.Y).Where(double.IsFinite).DefaultIfEmpty().Max();
        int width = Math.Min(view.X.Count, Math.Max(10, style.Width - labels - 30));
        Paragraph text = new();
        foreach (Line line in view.Lines.Take(count))
        {
            string levels = string.Concat(Sampled(line.Y, width).Select(value => style.Level(most > least ? (value - least) / (most - least) : 0)));
            double[] finite = [.. line.Y.Where(double.IsFinite)];
            string range = finite.Length == 0 ? "-" : $"{format.Text(finite.Min())} to {format.Text(finite.Max())}, last {format.Text(finite[^1])}";
            text.Append($"{style.Fit(line.Name, labels)} {levels} {range}\n");
        }

        yield return text;
        NumberFormat axis = NumberFormat.For(view.X);
        string about = $"across: {Labels.Or(view.XAxis, "x")} {axis.Text(view.X[0])} to {axis.Text(view.X[^1])}; up: {Labels.Or(view.YAxis, "y")} {format.Text(least)} to {format.Text(most)}";
        yield return new Text(style.Prose(about) + "\n", Quiet);
        foreach (IRenderable part in TableDrawing.Of(ViewTable.Of(view), style))
        {
            yield return part;
        }
    }

    // Of several numbers that share a column, the last is shown.
    private static IEnumerable<double> Sampled(IReadOnlyList<double> values, int width) =>
        Enumerable.Range(0, width).Select(i => values[(int)((long)(i + 1) * values.Count / width) - 1]);
}
