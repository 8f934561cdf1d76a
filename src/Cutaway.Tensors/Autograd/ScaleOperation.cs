using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = factor · x.</summary>
internal sealed unsafe class ScaleOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private T factor;
    private int width;

    /// <summary>Records the product where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="factor">The factor.</param>
    /// <param name="width">The width of a row.</param>
    public static ScaleOperation<T>? Record(Tape<T> tape, Variable<T> x, T factor, int width)
    {
        if (!x.NeedsGradient)
        {
            return null;
        }

        ScaleOperation<T> operation = tape.Record<ScaleOperation<T>>();
        operation.x = x;
        operation.factor = factor;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dx = new(tape, x);
        Work work = new(Output!.Gradient, dx.Pointer, factor, width);
        tape.Pool.ForRows(x.Length / width, x.Length, ref work);
        dx.Finish();
    }

    private readonly struct Work(T* dy, T* dx, T factor, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            nint at = (nint)index * width;
            TensorPrimitives.Multiply(new ReadOnlySpan<T>(dy + at, width), factor, new Span<T>(dx + at, width));
        }
    }
}
