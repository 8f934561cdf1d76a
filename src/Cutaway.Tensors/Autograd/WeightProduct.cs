using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Autograd;

/// <summary>The product with a stored weight in the direction of gradients.</summary>
internal static unsafe class WeightProduct
{
    /// <summary>dx = dy · w, or dx += dy · w.</summary>
    /// <param name="tape">Gives threads and memory.</param>
    /// <param name="dy">[rows, outputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="dx">[rows, inputs].</param>
    /// <param name="isSum">Whether to add to dx.</param>
    public static void Multiply<T>(Tape<T> tape, MatrixView<T> dy, WeightMatrix weight, MatrixView<T> dx, bool isSum)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ElementType own = typeof(T) == typeof(float) ? ElementType.Float32 : ElementType.Float64;
        if (weight.Type == own && weight.RowMap.IsEmpty)
        {
            nint stride = (nint)(weight.StrideBytes / sizeof(T));
            MatrixView<T> stored = weight.IsTransposed
                ? new MatrixView<T>((T*)weight.Data, weight.Columns, weight.Rows, stride).Transpose()
                : new MatrixView<T>((T*)weight.Data, weight.Rows, weight.Columns, stride);
            MatrixProduct.Multiply(tape.Pool, dy, stored, dx, T.One, isSum);
            GC.KeepAlive(weight);
            return;
        }

        NativeBuffer<T> widened = tape.Memory.Take((long)weight.Rows * weight.Columns);
        for (int row = 0; row < weight.Rows; row++)
        {
            weight.DecodeRow(row, widened.Span.Slice(row * weight.Columns, weight.Columns));
        }

        MatrixProduct.Multiply(tape.Pool, dy, new MatrixView<T>(widened.Pointer, weight.Rows, weight.Columns, weight.Columns), dx, T.One, isSum);
        tape.Memory.Return(widened);
    }
}
