using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>
/// Draws a matrix: numbers or words on colour where they fit, in several bands of columns if need be, and one character a cell
/// where the matrix is wide. The strongest cells of a wide one are listed below it.
/// </summary>
internal static class HeatMapDrawing
{
    private const int MostRows = 64;
    private const int MostBands = 3;
    private const int MostLabel = 14;
    private const int Strongest = 5;
    private static readonly Style Quiet = new(decoration: Decoration.Dim);

    /// <summary>The drawing.</summary>
    public static IEnumerable<IRenderable> Of(HeatMapView view, ConsoleStyle style)
    {
        int rows = Math.Min(view.RowLabels.Count, MostRows);
        int columns = view.ColumnLabels.Count;
        if (rows == 0 || columns == 0)
        {
            yield break;
        }

        int labels = Math.Min(MostLabel, view.RowLabels.Take(rows).Max(label => ConsoleStyle.Cells(style.Label(label))));
        NumberFormat format = ShortFormat(view.Values.SelectMany(row => row));
        int number = view.Values.SelectMany(row => row).Max(value => format.Text(value).Length);
        int needed = view.CellText is null ? number : Math.Max(6, number);
        int wanted = Math.Clamp(view.CellText is null ? view.ColumnLabels.Max(label => ConsoleStyle.Cells(style.Label(label))) : 8, needed, Math.Max(8, needed));
        int room = style.Width - labels - 1;
        int cell = columns * (wanted + 1) <= room ? wanted : needed;
        int band = Math.Max(1, room / (cell + 1));
        ColourScale scale = ColourScale.Of(view.Values.SelectMany(row => row), view.Diverging);
        bool compact = (columns + band - 1) / band > MostBands;
        if (compact)
        {
            cell = view.Diverging ? 2 : 1;
            band = room / cell;
        }

        Grid grid = new(view, style, scale, format, rows, labels, cell, compact);
        int shown = Math.Min(columns, compact ? MostBands * band : columns);
        for (int start = 0; start < shown; start += band)
        {
            yield return grid.Band(start, Math.Min(band, columns - start));
        }

        yield return new Text(style.Prose(Legend(view, style, format, compact)) + "\n", Quiet);
        if (compact)
        {
            yield return new Text(StrongestCells(view, style, format) + "\n");
        }

        if (view.RowLabels.Count > rows || shown < columns)
        {
            yield return TableDrawing.Note(view.RowLabels.Count - rows, columns - shown);
        }
    }

    private static string Legend(HeatMapView view, ConsoleStyle style, NumberFormat format, bool compact)
    {
        List<string> parts = [];
        if (view.RowAxis.Length > 0)
        {
            parts.Add("rows: " + view.RowAxis);
        }

        if (view.ColumnAxis.Length > 0)
        {
            parts.Add("columns: " + view.ColumnAxis);
        }

        if (view.Unit.Length > 0)
        {
            parts.Add((view.CellText is null ? "cells: " : "level: ") + view.Unit);
        }

        if (compact || view.CellText is not null)
        {
            double[] finite = [.. view.Values.SelectMany(row => row).Where(double.IsFinite)];
            double most = finite.Select(value => view.Diverging ? Math.Abs(value) : value).DefaultIfEmpty().Max();
            double least = view.Diverging ? 0 : Math.Min(0, finite.DefaultIfEmpty().Min());
            parts.Add($"from {format.Text(least)} to {style.Level(1)} {format.Text(most)}{(view.Diverging ? ", - below zero" : "")}");
        }

        return string.Join("; ", parts);
    }

    private static string StrongestCells(HeatMapView view, ConsoleStyle style, NumberFormat format)
    {
        IEnumerable<string> cells = view.Values
            .SelectMany((row, i) => row.Select((value, j) => (i, j, value)))
            .Where(cell => double.IsFinite(cell.value))
            .OrderByDescending(cell => Math.Abs(cell.value))
            .Take(Strongest)
            .Select(cell => $"({style.Label(view.RowLabels[cell.i])}, {style.Label(view.ColumnLabels[cell.j])}) {format.Text(cell.value)}");
        return "strongest: " + string.Join("  ", cells);
    }

    // Two digits behind the point tell neighbours in a picture apart; the files have more.
    private static NumberFormat ShortFormat(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        double most = finite.Select(Math.Abs).DefaultIfEmpty().Max();
        return finite.All(double.IsInteger) || most is < 0.1 or >= 1e4
            ? NumberFormat.For(finite)
            : NumberFormat.OfDecimals(most >= 100 ? 0 : most >= 10 ? 1 : 2);
    }

    /// <summary>How the cells of one heat map are written.</summary>
    private sealed record Grid(
        HeatMapView View, ConsoleStyle Style, ColourScale Scale, NumberFormat Format, int Rows, int LabelWidth, int Cell, bool Compact)
    {
        public Paragraph Band(int start, int count)
        {
            Paragraph text = new();
            text.Append(new string(' ', LabelWidth + 1) + Header(start, count) + "\n", Quiet);
            for (int i = 0; i < Rows; i++)
            {
                text.Append(Style.Fit(View.RowLabels[i], LabelWidth) + " ");
                for (int j = start; j < start + count; j++)
                {
                    double value = View.Values[i][j];
                    text.Append(Content(i, j, value), Scale.Style(value));
                    if (!Compact && j + 1 < start + count)
                    {
                        text.Append(" ");
                    }
                }

                text.Append("\n");
            }

            return text;
        }

        private string Header(int start, int count)
        {
            if (!Compact)
            {
                return string.Join(' ', Enumerable.Range(start, count).Select(j => Style.Fit(View.ColumnLabels[j], Cell, right: View.CellText is null))).TrimEnd();
            }

            // Where a column is one character wide, every tenth is numbered.
            char[] line = [.. Enumerable.Repeat(' ', (count * Cell) + 6)];
            for (int j = (start + 9) / 10 * 10; j < start + count; j += 10)
            {
                j.ToString(CultureInfo.InvariantCulture).CopyTo(0, line, (j - start) * Cell, j.ToString(CultureInfo.InvariantCulture).Length);
            }

            string numbers = new string(line).TrimEnd();
            return numbers.Length <= count * Cell ? numbers : numbers[..(count * Cell)];
        }

        private string Content(int i, int j, double value)
        {
            if (Compact)
            {
                string sign = !Scale.Diverging ? "" : value < 0 ? "-" : " ";
                return sign + Style.Level(Scale.Share(value));
            }

            if (View.CellText is not { } words)
            {
                return (double.IsNaN(value) ? "" : Format.Text(value)).PadLeft(Cell);
            }

            // Without colours the level stands beside the word.
            return Style.Colours ? Style.Fit(words[i][j], Cell) : Style.Level(Scale.Share(value)) + Style.Fit(words[i][j], Cell - 1);
        }
    }
}
