using System.Numerics;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = cap · tanh(x / cap), on logits.</summary>
internal sealed unsafe class SoftCapOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private T cap;
    private int width;

    /// <summary>Records the bound where a gradient is wanted; the caller keeps the output.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="cap">The bound.</param>
    /// <param name="width">The width of a row.</param>
    public static SoftCapOperation<T>? Record(Tape<T> tape, Variable<T> x, T cap, int width)
    {
        if (!x.NeedsGradient)
        {
            return null;
        }

        SoftCapOperation<T> operation = tape.Record<SoftCapOperation<T>>();
        operation.x = x;
        operation.cap = cap;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dx = new(tape, x);
        Work work = new(Output!.Pointer, Output.Gradient, dx.Pointer, cap, width);
        tape.Pool.ForRows(x.Length / width, x.Length, ref work);
        dx.Finish();
    }

    private readonly struct Work(T* y, T* dy, T* dx, T cap, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            nint at = (nint)index * width;
            SoftCapBackward.Apply(new ReadOnlySpan<T>(y + at, width), new ReadOnlySpan<T>(dy + at, width), new Span<T>(dx + at, width), cap);
        }
    }
}
