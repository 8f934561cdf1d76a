using System.Numerics;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Tensors.Tests;

/// <summary>
/// A matrix inside a larger block whose other cells are NaN: a product that reads them shows it, one that writes them too.
/// Views are bare pointers, so a matrix is held by <c>using</c> until all that reads them is done.
/// </summary>
internal sealed unsafe class GuardedMatrix<T> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Margin = 37;

    private readonly NativeBuffer<T> memory;

    /// <summary>Random values; seed 0 stands for zeros.</summary>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">How many columns.</param>
    /// <param name="gap">Cells between one line and the next.</param>
    /// <param name="step">Cells from one element of a line to the next.</param>
    /// <param name="columnMajor">Whether lines are columns.</param>
    /// <param name="seed">Which values.</param>
    public GuardedMatrix(int rows, int columns, int gap = 0, int step = 1, bool columnMajor = false, int seed = 0)
    {
        int line = ((columnMajor ? rows : columns) * step) + gap;
        memory = new NativeBuffer<T>((2 * Margin) + (line * (columnMajor ? columns : rows)));
        memory.Span.Fill(T.NaN);
        View = columnMajor
            ? new MatrixView<T>((nint)(memory.Pointer + Margin), rows, columns, step, line)
            : new MatrixView<T>((nint)(memory.Pointer + Margin), rows, columns, line, step);
        float[] values = seed == 0 ? new float[rows * columns] : KernelData.Normal(rows * columns, seed);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                this[i, j] = T.CreateTruncating(values[(i * columns) + j]);
            }
        }
    }

    public MatrixView<T> View { get; }

    public T this[int row, int column]
    {
        get => View.Pointer[(row * View.RowStride) + (column * View.ColumnStride)];
        set => View.Pointer[(row * View.RowStride) + (column * View.ColumnStride)] = value;
    }

    /// <summary>How many cells are NaN: those outside the matrix, if it holds numbers.</summary>
    public int NotANumber
    {
        get
        {
            int count = 0;
            foreach (T value in memory.Span)
            {
                count += T.IsNaN(value) ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Marks until when the memory is in use.</summary>
    public void Dispose() => GC.KeepAlive(memory);

    /// <summary>The elements in row order.</summary>
    public T[] ToArray()
    {
        T[] values = new T[View.Rows * View.Columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = this[i / View.Columns, i % View.Columns];
        }

        return values;
    }
}
