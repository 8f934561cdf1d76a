namespace Cutaway.Tensors.Kernels;

/// <summary>A strided view of a matrix in memory that someone else keeps alive; a transpose is a swap of strides.</summary>
/// <param name="Data">Element [0, 0].</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Columns">How many columns.</param>
/// <param name="RowStride">Elements from one row to the next.</param>
/// <param name="ColumnStride">Elements from one column to the next.</param>
public readonly unsafe record struct MatrixView<T>(nint Data, int Rows, int Columns, nint RowStride, nint ColumnStride)
    where T : unmanaged
{
    /// <summary>A row-major view.</summary>
    public MatrixView(T* data, int rows, int columns, nint rowStride)
        : this((nint)data, rows, columns, rowStride, 1)
    {
    }

    /// <summary>Element [0, 0].</summary>
    public T* Pointer => (T*)Data;

    /// <summary>The same memory with rows and columns exchanged.</summary>
    public MatrixView<T> Transpose() => new(Data, Columns, Rows, ColumnStride, RowStride);
}
