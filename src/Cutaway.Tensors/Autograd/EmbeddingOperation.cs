using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Autograd;

/// <summary>Rows of a matrix, times a factor: each row's gradient is the sum over the places that read it, in their order.</summary>
internal sealed unsafe class EmbeddingOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private ReadOnlyMemory<int> ids;
    private int entries;
    private int width;
    private T factor;
    private T* gradient;

    /// <summary>Records the look-up where the matrix's gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="weight">[entries, width].</param>
    /// <param name="ids">Which row each place reads; not to be changed until the way back.</param>
    /// <param name="factor">The factor.</param>
    public static EmbeddingOperation<T>? Record(Tape<T> tape, WeightMatrix weight, ReadOnlyMemory<int> ids, T factor)
    {
        T* gradient = tape.GradientOf(weight);
        if (gradient is null)
        {
            return null;
        }

        EmbeddingOperation<T> operation = tape.Record<EmbeddingOperation<T>>();
        operation.ids = ids;
        (operation.entries, operation.width) = (weight.Rows, weight.Columns);
        operation.factor = factor;
        operation.gradient = gradient;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Variable<T> y = Output!;
        Span<T> dy = new(y.Gradient, y.Length);
        if (factor != T.One)
        {
            TensorPrimitives.Multiply(dy, factor, dy);
        }

        EmbeddingBackward.Add(tape.Pool, ids.Span, new MatrixView<T>(y.Gradient, y.Length / width, width, width), new MatrixView<T>(gradient, entries, width, width));
    }
}
