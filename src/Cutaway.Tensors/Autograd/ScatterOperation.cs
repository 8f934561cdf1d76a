using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>Rows added to chosen rows of a sum, each times a weight: what an expert writes.</summary>
internal sealed unsafe class ScatterOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> sum = null!;
    private Variable<T> x = null!;
    private Variable<T> weights = null!;
    private int[] rows = [];
    private int[] places = [];
    private int width;

    /// <summary>Records the addition where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="sum">[all rows, width], before it.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="weights">Weights, of which each row has one.</param>
    /// <param name="rows">Which row of the sum each row is added to, none twice; kept until the way back.</param>
    /// <param name="places">Where each row's weight is; kept too.</param>
    /// <param name="width">The width of a row.</param>
    public static ScatterOperation<T>? Record(Tape<T> tape, Variable<T> sum, Variable<T> x, Variable<T> weights, int[] rows, int[] places, int width)
    {
        if (!sum.NeedsGradient && !x.NeedsGradient && !weights.NeedsGradient)
        {
            return null;
        }

        ScatterOperation<T> operation = tape.Record<ScatterOperation<T>>();
        operation.sum = sum;
        operation.x = x.Keep();
        operation.weights = weights.Keep();
        operation.rows = rows;
        operation.places = places;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        T* dy = Output!.Gradient;
        Contribution<T> dx = new(tape, x);
        Contribution<T> dWeights = new(tape, weights);
        if (dWeights.Pointer is not null)
        {
            new Span<T>(dWeights.Pointer, weights.Length).Clear();
        }

        Work work = new(this, dy, dx.Pointer, dWeights.Pointer);
        tape.Pool.ForRows(rows.Length, 2L * x.Length, ref work);
        dx.Finish();
        dWeights.Finish();
        if (sum.NeedsGradient && !sum.HasGradient)
        {
            sum.TakeGradient(Output);
        }
        else if (sum.NeedsGradient)
        {
            Contribution<T> dSum = new(tape, sum);
            ParallelCopy.Run(new ReadOnlySpan<T>(dy, sum.Length), new Span<T>(dSum.Pointer, sum.Length));
            dSum.Finish();
        }
    }

    private readonly struct Work(ScatterOperation<T> operation, T* dy, T* dx, T* dWeights) : IParallelWork
    {
        public void Invoke(int index)
        {
            int width = operation.width;
            int place = operation.places[index];
            ReadOnlySpan<T> gradient = new(dy + ((nint)operation.rows[index] * width), width);
            if (dx is not null)
            {
                TensorPrimitives.Multiply(gradient, operation.weights.Pointer[place], new Span<T>(dx + ((nint)index * width), width));
            }

            if (dWeights is not null)
            {
                dWeights[place] = TensorPrimitives.Dot(gradient, new ReadOnlySpan<T>(operation.x.Pointer + ((nint)index * width), width));
            }
        }
    }
}
