namespace Cutaway.Tensors.Kernels.Products;

/// <summary>A strided matrix as second factor.</summary>
internal readonly unsafe struct ViewColumns<T>(MatrixView<T> b) : IColumnSource<T>
    where T : unmanaged
{
    public T* Find(int k, int j, out nint stride)
    {
        stride = b.RowStride;
        return b.ColumnStride == 1 ? b.Pointer + (k * b.RowStride) + j : null;
    }

    public void Pack(int k, int count, int j, int columns, T* panel, int width)
    {
        T* first = b.Pointer + (k * b.RowStride) + (j * b.ColumnStride);
        if (b.ColumnStride == 1)
        {
            for (int row = 0; row < count; row++)
            {
                new ReadOnlySpan<T>(first + (row * b.RowStride), columns).CopyTo(new Span<T>(panel + ((nint)row * width), columns));
            }

            return;
        }

        for (int column = 0; column < columns; column++)
        {
            T* source = first + (column * b.ColumnStride);
            for (int row = 0; row < count; row++)
            {
                panel[((nint)row * width) + column] = source[row * b.RowStride];
            }
        }
    }
}
