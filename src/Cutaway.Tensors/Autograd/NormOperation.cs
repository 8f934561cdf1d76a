using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = norm(x) · weight + bias. Only x is held; the normalised rows are computed again on the way back.</summary>
internal sealed unsafe class NormOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private bool centred;
    private T epsilon;
    private int width;
    private int groups;
    private T* weight;
    private T* weightGradient;
    private T* biasGradient;

    /// <summary>Records the norm where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="centred">LayerNorm; otherwise RMSNorm.</param>
    /// <param name="epsilon">Inside the square root.</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="groups">Rows that have weights of their own, in turn; 1 where all share them.</param>
    /// <param name="weight">[groups, width], or null.</param>
    /// <param name="weightOwner">The vector of weights, as the network holds it, or null.</param>
    /// <param name="biasOwner">The vector of biases, or null.</param>
    public static NormOperation<T>? Record(Tape<T> tape, Variable<T> x, bool centred, T epsilon, int width, int groups, T* weight, object? weightOwner, object? biasOwner)
    {
        T* weightGradient = tape.GradientOf(weightOwner);
        T* biasGradient = tape.GradientOf(biasOwner);
        if (!x.NeedsGradient && weightGradient is null && biasGradient is null)
        {
            return null;
        }

        NormOperation<T> operation = tape.Record<NormOperation<T>>();
        operation.x = x.Keep();
        operation.centred = centred;
        operation.epsilon = epsilon;
        operation.width = width;
        operation.groups = groups;
        operation.weight = weight;
        operation.weightGradient = weightGradient;
        operation.biasGradient = biasGradient;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        int rows = x.Length / width;
        T* dy = Output!.Gradient;
        NativeBuffer<T>? normalized = weightGradient is null ? null : tape.Memory.Take(x.Length);
        bool isSum = false;
        T* dx = x.NeedsGradient ? x.Contribute(out isSum) : null;
        Work work = new(this, dy, normalized is null ? null : normalized.Pointer, dx, isSum);
        tape.Pool.ForRows(rows, 2L * x.Length, ref work);
        if (normalized is not null)
        {
            ColumnSums.AddProducts(tape.Pool, Grouped(dy), Grouped(normalized.Pointer), weightGradient);
            tape.Memory.Return(normalized);
        }

        if (biasGradient is not null)
        {
            ColumnSums.Add(tape.Pool, Grouped(dy), biasGradient);
        }

        MatrixView<T> Grouped(T* values) => new(values, rows / groups, groups * width, groups * width);
    }

    private readonly struct Work(NormOperation<T> operation, T* dy, T* normalized, T* dx, bool isSum) : IParallelWork
    {
        public void Invoke(int index)
        {
            int width = operation.width;
            nint at = (nint)index * width;
            NativeBuffer<T> scratch = RowScratch<T>.Take(2L * width);
            Span<T> row = normalized is null ? scratch.Span[..width] : new Span<T>(normalized + at, width);
            ReadOnlySpan<T> x = new(operation.x.Pointer + at, width);
            T scale = operation.centred ? Normalization.Layer(x, row, operation.epsilon) : Normalization.Rms(x, row, operation.epsilon);
            if (dx is null)
            {
                return;
            }

            ReadOnlySpan<T> gradient = new(dy + at, width);
            Span<T> result = scratch.Span.Slice(width, width);
            if (operation.weight is not null)
            {
                TensorPrimitives.Multiply(gradient, new ReadOnlySpan<T>(operation.weight + ((nint)(index % operation.groups) * width), width), result);
                gradient = result;
            }

            Span<T> target = new(dx + at, width);
            if (operation.centred)
            {
                NormalizationBackward.Layer(row, scale, gradient, isSum ? result : target);
            }
            else
            {
                NormalizationBackward.Rms(row, scale, gradient, isSum ? result : target);
            }

            if (isSum)
            {
                TensorPrimitives.Add(target, result, target);
            }
        }
    }
}
