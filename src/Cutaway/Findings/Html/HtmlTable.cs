using System.Globalization;

namespace Cutaway.Findings.Html;

/// <summary>A table: numbers to the right and rounded, the exact value beside them for the download.</summary>
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
            page.Element("p", string.Create(CultureInfo.InvariantCulture, $"The {table.Rows.Count} largest are listed; {table.Left} more are in the JSON."), "more");
        }
    }

    private static void Cell(HtmlWriter page, object? cell, int column, ColumnFormat[] columns)
    {
        if (NumberFormat.Number(cell) is { } number)
        {
            string text = columns[column].Text(cell).Replace('-', '−');
            page.Raw(string.Create(CultureInfo.InvariantCulture, $"<td class=\"n\" data-value=\"{(double.IsFinite(number) ? number : null)}\">"))
                .Text(double.IsNaN(number) ? "–" : text).Raw("</td>");
            return;
        }

        string shown = Labels.Visible(cell?.ToString() ?? "");
        page.Raw(column == 0 ? "<th scope=\"row\">" : shown.Length > 40 ? "<td class=\"t\">" : "<td>").Text(shown).Raw(column == 0 ? "</th>" : "</td>");
    }
}
