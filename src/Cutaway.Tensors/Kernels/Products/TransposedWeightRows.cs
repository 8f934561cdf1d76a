using System.Numerics;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>The columns of a weight that is stored transposed, [inputs, outputs]: contiguous along the outputs.</summary>
internal readonly unsafe struct TransposedWeightRows<T>(WeightMatrix weight) : IRowSource<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Fetch(int first, int rows, int start, int count, T* memory, int pitch, T** pointers)
    {
        WeightColumns<T> stored = new(weight);
        T* found = stored.Find(first, start, out nint stride);
        if (found is null)
        {
            stored.Pack(first, rows, start, count, memory, pitch);
            found = memory;
            stride = pitch;
        }

        for (int i = 0; i < rows; i++)
        {
            pointers[i] = found + (i * stride);
        }
    }
}
