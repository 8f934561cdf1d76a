using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Autograd;

/// <summary>Rows of a matrix, times a factor: each row's gradient is the sum over the places that read it, in their order.</summary>
internal sealed unsafe class EmbeddingOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private ReadOnlyMemory<int> ids;
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
        operation.width = weight.Columns;
        operation.factor = factor;
        operation.gradient = gradient;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Work work = new(ids, Output!.Gradient, gradient, width, factor);
        tape.Pool.ForRows((width + Work.Chunk - 1) / Work.Chunk, Output.Length, ref work);
    }

    // Two places may read the same row, so threads share columns.
    private readonly struct Work(ReadOnlyMemory<int> ids, T* dy, T* gradient, int width, T factor) : IParallelWork
    {
        public const int Chunk = 64;

        public void Invoke(int index)
        {
            int start = index * Chunk;
            int count = Math.Min(Chunk, width - start);
            ReadOnlySpan<int> rows = ids.Span;
            for (int i = 0; i < rows.Length; i++)
            {
                Span<T> sum = new(gradient + ((nint)rows[i] * width) + start, count);
                TensorPrimitives.MultiplyAdd(new ReadOnlySpan<T>(dy + ((nint)i * width) + start, count), factor, sum, sum);
            }
        }
    }
}
