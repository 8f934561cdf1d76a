namespace Cutaway.Tensors.Kernels;

/// <summary>A strided matrix in a span, checked to lie within it; a transpose is a swap of strides.</summary>
public readonly ref struct SpanMatrix<T>
    where T : unmanaged
{
    /// <summary>A row-major view.</summary>
    /// <param name="values">Element [0, 0] first.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">How many columns.</param>
    /// <param name="rowStride">Elements from one row to the next.</param>
    /// <exception cref="ArgumentException">The rows do not fit into the span.</exception>
    public SpanMatrix(ReadOnlySpan<T> values, int rows, int columns, int rowStride)
        : this(values, rows, columns, rowStride, 1)
    {
        if (rows < 0 || columns < 0 || rowStride < columns || (rows > 0 && ((rows - 1L) * rowStride) + columns > values.Length))
        {
            throw new ArgumentException($"[{rows}, {columns}] with rows {rowStride} apart does not fit into {values.Length} values", nameof(values));
        }
    }

    private SpanMatrix(ReadOnlySpan<T> values, int rows, int columns, int rowStride, int columnStride)
    {
        Values = values;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    /// <summary>The memory.</summary>
    public ReadOnlySpan<T> Values { get; }

    /// <summary>How many rows.</summary>
    public int Rows { get; }

    /// <summary>How many columns.</summary>
    public int Columns { get; }

    /// <summary>Elements from one row to the next.</summary>
    public int RowStride { get; }

    /// <summary>Elements from one column to the next.</summary>
    public int ColumnStride { get; }

    /// <summary>The same memory with rows and columns exchanged.</summary>
    public SpanMatrix<T> Transpose() => new(Values, Columns, Rows, ColumnStride, RowStride);
}
