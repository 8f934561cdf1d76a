namespace Cutaway.Findings;

/// <summary>How one column of a table is written.</summary>
/// <param name="IsNumber">Whether all of its cells that hold anything hold numbers.</param>
/// <param name="Format">The format of its numbers.</param>
internal readonly record struct ColumnFormat(bool IsNumber, NumberFormat Format)
{
    /// <summary>The formats of a table's columns.</summary>
    public static ColumnFormat[] Of(ViewTable table)
    {
        ColumnFormat[] columns = new ColumnFormat[table.Columns.Count];
        for (int j = 0; j < columns.Length; j++)
        {
            object?[] cells = [.. table.Rows.Where(row => j < row.Count && row[j] is not null).Select(row => row[j])];
            double[] values = [.. cells.Select(NumberFormat.Number).OfType<double>()];
            columns[j] = new ColumnFormat(cells.Length > 0 && values.Length == cells.Length, NumberFormat.For(values));
        }

        return columns;
    }

    /// <summary>A cell as text.</summary>
    public string Text(object? cell) => NumberFormat.Number(cell) is { } number ? Format.Text(number) : Labels.Visible(cell?.ToString() ?? "");
}
