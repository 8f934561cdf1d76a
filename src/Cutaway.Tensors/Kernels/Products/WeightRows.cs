using System.Numerics;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>The rows of a weight that is not stored transposed: where they lie if stored in the precision of the product, else widened.</summary>
internal readonly unsafe struct WeightRows<T>(WeightMatrix weight) : IRowSource<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Fetch(int first, int rows, int start, int count, T* memory, int pitch, T** pointers)
    {
        nint skipped = (nint)weight.Type.BytesFor(start);
        bool stays = weight.Type == (typeof(T) == typeof(float) ? ElementType.Float32 : ElementType.Float64);
        for (int i = 0; i < rows; i++)
        {
            byte* stored = weight.RowPointer(first + i) + skipped;
            pointers[i] = stays ? (T*)stored : memory + ((nint)i * pitch);
            if (!stays)
            {
                Widen(weight.Type, stored, pointers[i], count);
            }
        }
    }

    /// <summary>Widens contiguous values, whole blocks.</summary>
    public static void Widen(ElementType type, byte* source, T* target, int count)
    {
        if (typeof(T) == typeof(float))
        {
            RowDecoder.Decode(type, source, (float*)target, count);
        }
        else
        {
            ElementDecoder.Decode(type, new ReadOnlySpan<byte>(source, checked((int)type.BytesFor(count))), new Span<T>(target, count));
        }
    }
}
