using System.Numerics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = x held between two bounds, and a constant: the gradient passes where x is between them.</summary>
internal sealed unsafe class ClampOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private T low;
    private T high;
    private int width;

    /// <summary>Records the bounds where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="low">The lower bound.</param>
    /// <param name="high">The upper bound.</param>
    /// <param name="width">The width of a row.</param>
    public static ClampOperation<T>? Record(Tape<T> tape, Variable<T> x, T low, T high, int width)
    {
        if (!x.NeedsGradient)
        {
            return null;
        }

        ClampOperation<T> operation = tape.Record<ClampOperation<T>>();
        operation.x = x.Keep();
        operation.low = low;
        operation.high = high;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dx = new(tape, x);
        Work work = new(x.Pointer, Output!.Gradient, dx.Pointer, low, high, width);
        tape.Pool.ForRows(x.Length / width, x.Length, ref work);
        dx.Finish();
    }

    private readonly struct Work(T* x, T* dy, T* dx, T low, T high, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            nint at = (nint)index * width;
            for (nint i = at; i < at + width; i++)
            {
                dx[i] = x[i] >= low && x[i] <= high ? dy[i] : T.Zero;
            }
        }
    }
}
