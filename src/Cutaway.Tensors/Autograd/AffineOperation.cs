using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = x · weight + bias, element by element: the last step of a norm where a hook looks on.</summary>
internal sealed unsafe class AffineOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private int width;
    private int groups;
    private T* weight;
    private T* weightGradient;
    private T* biasGradient;

    /// <summary>Records the map where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="groups">Rows that have weights of their own, in turn; 1 where all share them.</param>
    /// <param name="weight">[groups, width], or null.</param>
    /// <param name="weightOwner">The vector of weights, as the network holds it, or null.</param>
    /// <param name="biasOwner">The vector of biases, or null.</param>
    public static AffineOperation<T>? Record(Tape<T> tape, Variable<T> x, int width, int groups, T* weight, object? weightOwner, object? biasOwner)
    {
        T* weightGradient = tape.GradientOf(weightOwner);
        T* biasGradient = tape.GradientOf(biasOwner);
        if (!x.NeedsGradient && weightGradient is null && biasGradient is null)
        {
            return null;
        }

        AffineOperation<T> operation = tape.Record<AffineOperation<T>>();
        operation.x = weightGradient is null ? x : x.Keep();
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
        Contribution<T> dx = new(tape, x);
        if (dx.Pointer is not null)
        {
            Work work = new(dy, weight, dx.Pointer, width, groups);
            tape.Pool.ForRows(rows, x.Length, ref work);
            dx.Finish();
        }

        if (weightGradient is not null)
        {
            ColumnSums.AddProducts(tape.Pool, Grouped(dy), Grouped(x.Pointer), weightGradient);
        }

        if (biasGradient is not null)
        {
            ColumnSums.Add(tape.Pool, Grouped(dy), biasGradient);
        }

        MatrixView<T> Grouped(T* values) => new(values, rows / groups, groups * width, groups * width);
    }

    private readonly struct Work(T* dy, T* weight, T* dx, int width, int groups) : IParallelWork
    {
        public void Invoke(int index)
        {
            nint at = (nint)index * width;
            ReadOnlySpan<T> gradient = new(dy + at, width);
            Span<T> target = new(dx + at, width);
            if (weight is null)
            {
                gradient.CopyTo(target);
            }
            else
            {
                TensorPrimitives.Multiply(gradient, new ReadOnlySpan<T>(weight + ((nint)(index % groups) * width), width), target);
            }
        }
    }
}
