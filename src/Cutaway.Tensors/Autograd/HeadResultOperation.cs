using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Autograd;

/// <summary>What each head writes: y[:, h] = x[:, h] · w[:, columns of h]ᵀ.</summary>
internal sealed unsafe class HeadResultOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private WeightMatrix weight = null!;
    private int rows;
    private int heads;
    private T* weightGradient;

    /// <summary>Records the map where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, heads, d_head].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">[d_model, heads · d_head].</param>
    /// <param name="heads">Heads.</param>
    public static HeadResultOperation<T>? Record(Tape<T> tape, Variable<T> x, int rows, WeightMatrix weight, int heads)
    {
        T* weightGradient = tape.GradientOf(weight);
        if (!x.NeedsGradient && weightGradient is null)
        {
            return null;
        }

        HeadResultOperation<T> operation = tape.Record<HeadResultOperation<T>>();
        operation.x = weightGradient is null ? x : x.Keep();
        operation.weight = weight;
        operation.rows = rows;
        operation.heads = heads;
        operation.weightGradient = weightGradient;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        (int d, int width) = (weight.Rows, weight.Columns);
        int dHead = width / heads;
        NativeBuffer<T> widened = tape.Memory.Take((long)d * width);
        for (int row = 0; row < d; row++)
        {
            weight.DecodeRow(row, widened.Span.Slice(row * width, width));
        }

        bool isSum = false;
        T* dx = x.NeedsGradient ? x.Contribute(out isSum) : null;
        for (int head = 0; head < heads; head++)
        {
            MatrixView<T> dy = new(Output!.Gradient + (head * d), rows, d, heads * d);
            if (dx is not null)
            {
                MatrixProduct.Multiply(
                    tape.Pool, dy, new MatrixView<T>(widened.Pointer + (head * dHead), d, dHead, width), new MatrixView<T>(dx + (head * dHead), rows, dHead, width), T.One, isSum);
            }

            if (weightGradient is not null)
            {
                MatrixView<T> part = new(x.Pointer + (head * dHead), rows, dHead, width);
                MatrixProduct.Multiply(tape.Pool, dy.Transpose(), part, new MatrixView<T>(weightGradient + (head * dHead), d, dHead, width), T.One, accumulate: true);
            }
        }

        tape.Memory.Return(widened);
    }
}
