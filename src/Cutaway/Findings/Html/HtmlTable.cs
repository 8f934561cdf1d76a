using System.Globalization;

namespace Cutaway.Findings.Html;

/// <summary>A table: numbers to the right and rounded, seven digits beside them for the download.</summary>
internal static class HtmlTable
{
    public static void Write(HtmlWriter page, ViewTable table)
    {
        ColumnFormat[] columns = ColumnFormat.Of(table);
        page.Raw("<table>\n<thead><tr>");
        for (int j = 0; j < table.Columns.Count; j++)
        {
            page.Raw(columns[j].IsNumber ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">").Text(table.Columns[j]).Raw("</th>");
        }

        page.Raw("</tr></thead>\n<tbody>\n");
        foreach (IReadOnlyList<object?> row in table.Rows)
        {
            page.Raw("<tr>");
            for (int j = 0; j < row.Count; j++)
            {
                Cell(page, row[j], j, columns);
            }

            page.Raw("</tr>\n");
        }

        page.Raw("</tbody>\n</table>");
        if (table.Left > 0)
        {
            page.Element("p", string.Create(CultureInfo.InvariantCulture, $"{table.Rows.Count} rows are listed; {table.Left} more are in the JSON."), "more");
        }
    }

    private static void Cell(HtmlWriter page, object? cell, int column, ColumnFormat[] columns)
    {
        string name = column == 0 ? "th" : "td";
        page.Raw(column == 0 ? "<th scope=\"row\"" : "<td");
        string shown = columns[column].Text(cell);
        if (NumberFormat.Number(cell) is { } number)
        {
            string value = double.IsFinite(number) ? number.ToString("G7", CultureInfo.InvariantCulture) : "";
            page.Raw(value == shown ? " class=\"n\">" : $" class=\"n\" data-value=\"{value}\">")
                .Text(double.IsNaN(number) ? "–" : shown.Replace('-', '−'));
        }
        else
        {
            page.Raw(shown.Length > 40 ? " class=\"t\">" : ">").Text(shown);
        }

        page.Raw($"</{name}>");
    }
}
