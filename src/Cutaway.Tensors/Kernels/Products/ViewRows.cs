namespace Cutaway.Tensors.Kernels.Products;

/// <summary>The rows of a matrix with unit column stride, where they lie.</summary>
internal readonly unsafe struct ViewRows<T>(MatrixView<T> rows) : IRowSource<T>
    where T : unmanaged
{
    public void Fetch(int first, int count, int start, int length, T* memory, int pitch, T** pointers)
    {
        for (int i = 0; i < count; i++)
        {
            pointers[i] = rows.Pointer + ((first + i) * rows.RowStride) + start;
        }
    }
}
