using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>The sum of what the heads write, and a bias times a factor: each head receives the sum's gradient.</summary>
internal sealed unsafe class HeadSumOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private int width;
    private T* biasGradient;
    private T factor;

    /// <summary>Records the sum where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, heads, width].</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="bias">The vector of biases, as the network holds it, or null.</param>
    /// <param name="factor">What the bias is multiplied with.</param>
    public static HeadSumOperation<T>? Record(Tape<T> tape, Variable<T> x, int width, object? bias, T factor)
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
        operation.factor = factor;
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
            NativeBuffer<T> scaled = tape.Memory.Take(Output.Length);
            TensorPrimitives.Multiply(new ReadOnlySpan<T>(dy, Output.Length), factor, scaled.Span[..Output.Length]);
            ColumnSums.Add(tape.Pool, new MatrixView<T>(scaled.Pointer, rows, width, width), biasGradient);
            tape.Memory.Return(scaled);
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
