using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>Draws tables: numbers to the right and alike in decimals, long ones clipped with a note.</summary>
internal static class TableDrawing
{
    private const int MostRows = 50;
    private const int MostColumns = 16;
    private const int MostName = 40;
    private const int MostHeading = 14;

    /// <summary>The drawing.</summary>
    public static IEnumerable<IRenderable> Of(ViewTable source, ConsoleStyle style)
    {
        int count = Math.Min(source.Columns.Count, MostColumns);
        Table table = new() { Border = style.Unicode ? TableBorder.Simple : TableBorder.Ascii2, UseSafeBorder = false };
        ColumnFormat[] formats = ColumnFormat.Of(source);
        for (int j = 0; j < count; j++)
        {
            string heading = style.Label(source.Columns[j]);
            TableColumn column = new(new Text(formats[j].IsNumber ? Narrow(heading) : heading, new Style(decoration: Decoration.Bold)));
            table.AddColumn(formats[j].IsNumber ? column.RightAligned() : column);
        }

        List<string[]> rows = [.. source.Rows.Take(MostRows).Select(row => (string[])[.. row.Take(count).Select((cell, j) => style.Label(formats[j].Text(cell)))])];
        for (int j = 0; j < count; j++)
        {
            // Numbers and names are not broken; sentences are.
            table.Columns[j].NoWrap = formats[j].IsNumber || rows.TrueForAll(row => row[j].Length <= MostName && !row[j].Contains(' ', StringComparison.Ordinal));
        }

        foreach (string[] row in rows)
        {
            table.AddRow(row.Select(text => new Text(text)));
        }

        yield return table;
        int left = source.Rows.Count + source.Left - Math.Min(source.Rows.Count, MostRows);
        if (left > 0 || source.Columns.Count > count)
        {
            yield return Note(left, source.Columns.Count - count);
        }
    }

    /// <summary>Says what was left out and where it is.</summary>
    public static Text Note(int rows, int columns)
    {
        string what = string.Join(" and ", new[] { Count(rows, "row"), Count(columns, "column") }.Where(text => text.Length > 0));
        return new Text($"{what} more; --html and --json have all\n", new Style(decoration: Decoration.Dim));
    }

    // Numbers are short; a long heading over them is set in several lines.
    private static string Narrow(string heading)
    {
        StringBuilder lines = new(heading.Length);
        int used = 0;
        foreach (string word in heading.Split(' '))
        {
            bool fits = used + 1 + word.Length <= MostHeading;
            lines.Append(used == 0 ? "" : fits ? " " : "\n").Append(word);
            used = used > 0 && fits ? used + 1 + word.Length : word.Length;
        }

        return lines.ToString();
    }

    private static string Count(int count, string name) => count switch
    {
        <= 0 => "",
        1 => "1 " + name,
        _ => $"{count} {name}s",
    };
}
