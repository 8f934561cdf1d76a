using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>The sum of what the heads write, and a bias: each head receives the sum's gradient.</summary>
internal sealed unsafe class HeadSumOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private int width;
    private T* biasGradient;

    /// <summary>Records the sum where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, heads, width].</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="bias">The vector of biases, as the network holds it, or null.</param>
    public static HeadSumOperation<T>? Record(Tape<T> tape, Variable<T> x, int width, object? bias)
    {
        T* biasGradient = tape.GradientOf(bias);
        if (!x.NeedsGradient && biasGradient is null)
        {
            return null;
        }

        HeadSumOperation<T> operation = tape.Record<HeadSumOperation<T>>();
        operation.x = x;
        operation.width = width;
        operation.biasGradient = biasGradient;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        T* dy = Output!.Gradient;
        int rows = Output.Length / width;
        Contribution<T> dx = new(tape, x);
        if (dx.Pointer is not null)
        {
            Work work = new(dy, dx.Pointer, x.Length / Output.Length, width);
            tape.Pool.ForRows(rows, x.Length, ref work);
            dx.Finish();
        }

        if (biasGradient is not null)
        {
            ColumnSums.Add(tape.Pool, new MatrixView<T>(dy, rows, width, width), biasGradient);
        }
    }

    private readonly struct Work(T* dy, T* dx, int heads, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            for (int head = 0; head < heads; head++)
            {
                new ReadOnlySpan<T>(dy + ((nint)index * width), width).CopyTo(new Span<T>(dx + ((((nint)index * heads) + head) * width), width));
            }
        }
    }
}
