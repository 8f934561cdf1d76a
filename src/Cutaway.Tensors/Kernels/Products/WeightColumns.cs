using System.Numerics;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>A weight that is stored transposed, [inputs, outputs], as second factor: its stored rows are rows of the factor.</summary>
internal readonly unsafe struct WeightColumns<T>(WeightMatrix weight) : IColumnSource<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public T* Find(int k, int j, out nint stride)
    {
        stride = (nint)(weight.StrideBytes / sizeof(T));
        bool stays = weight.Type == (typeof(T) == typeof(float) ? ElementType.Float32 : ElementType.Float64);
        return stays && weight.RowMap.IsEmpty ? (T*)(weight.Data + (k * weight.StrideBytes)) + j : null;
    }

    public void Pack(int k, int count, int j, int columns, T* panel, int width)
    {
        int size = weight.Type.BytesPerBlock();
        for (int from = 0; from < columns;)
        {
            // Chosen outputs mostly come in runs: parts of a fused projection.
            int stored = Stored(j + from);
            int to = from + 1;
            while (to < columns && Stored(j + to) == stored + to - from)
            {
                to++;
            }

            for (int row = 0; row < count; row++)
            {
                byte* source = weight.Data + ((k + row) * weight.StrideBytes) + ((nint)stored * size);
                WeightRows<T>.Widen(weight.Type, source, panel + ((nint)row * width) + from, to - from);
            }

            from = to;
        }
    }

    private int Stored(int row) => weight.RowMap.IsEmpty ? row : weight.RowMap[row];
}
