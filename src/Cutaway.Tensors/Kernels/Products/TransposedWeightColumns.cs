using System.Numerics;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>A weight that is stored as it is seen, [outputs, inputs], as second factor of a sum over outputs: its rows are rows of the factor.</summary>
internal readonly unsafe struct TransposedWeightColumns<T>(WeightMatrix weight) : IColumnSource<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Columns of a panel, at most 32, touch two blocks at most.
    private const int TwoBlocks = 512;

    public T* Find(int k, int j, out nint stride)
    {
        stride = (nint)(weight.StrideBytes / sizeof(T));
        bool stays = weight.Type == (typeof(T) == typeof(float) ? ElementType.Float32 : ElementType.Float64);
        return stays && weight.RowMap.IsEmpty ? (T*)(weight.Data + (k * weight.StrideBytes)) + j : null;
    }

    public void Pack(int k, int count, int j, int columns, T* panel, int width)
    {
        int block = weight.Type.ValuesPerBlock();
        int first = j / block * block;
        int values = ((j + columns + block - 1) / block * block) - first;
        nint skipped = (nint)weight.Type.BytesFor(first);
        T* whole = stackalloc T[TwoBlocks];
        for (int row = 0; row < count; row++)
        {
            byte* stored = weight.RowPointer(k + row) + skipped;
            T* line = panel + ((nint)row * width);
            if (values == columns)
            {
                WeightRows<T>.Widen(weight.Type, stored, line, columns);
            }
            else
            {
                WeightRows<T>.Widen(weight.Type, stored, whole, values);
                new ReadOnlySpan<T>(whole + j - first, columns).CopyTo(new Span<T>(line, columns));
            }
        }
    }
}
