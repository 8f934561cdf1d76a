using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Autograd;

/// <summary>
/// The mean cross-entropy of next tokens, together with the unembedding that makes their logits. Logits are made and
/// differentiated a block of rows at a time, so that those of the whole batch never exist.
/// </summary>
internal sealed unsafe class CrossEntropyOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Logits of a block: 8 MB in single precision, which stays in the outer cache.
    private const long BlockValues = 1 << 21;

    // Rows that a block has at least where the unembedding's own gradient is summed, since each block reads and writes all of it.
    private const long LeastRows = 128;

    private Variable<T> x = null!;
    private Variable<T> gradient = null!;

    /// <summary>Computes the loss, and at once its gradient, whose own is one.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, d_model].</param>
    /// <param name="unembedding">[vocab, d_model].</param>
    /// <param name="bias">[vocab], or null.</param>
    /// <param name="biasOwner">The vector of biases, as the network holds it, or null.</param>
    /// <param name="targets">The id that each row should predict; below zero where a row does not count.</param>
    /// <param name="softCap">The bound on logits, or null.</param>
    /// <returns>The loss in nats.</returns>
    /// <exception cref="CutawayException">No row counts.</exception>
    public static double Record(
        Tape<T> tape, Variable<T> x, WeightMatrix unembedding, T* bias, object? biasOwner, ReadOnlySpan<int> targets, T? softCap)
    {
        int counted = 0;
        foreach (int target in targets)
        {
            counted += target < 0 ? 0 : 1;
        }

        if (counted == 0)
        {
            throw CutawayException.Input("no position counts towards the loss; give sequences of at least two tokens, and a mask that leaves some");
        }

        T* weightGradient = tape.GradientOf(unembedding);
        T* biasGradient = tape.GradientOf(biasOwner);
        int width = unembedding.Columns;
        int vocabulary = unembedding.Rows;
        int rowsAtOnce = (int)Math.Clamp(Math.Max(BlockValues / vocabulary, weightGradient is null ? 1 : LeastRows), 1, targets.Length);
        NativeBuffer<T> logits = tape.Memory.Take((long)rowsAtOnce * vocabulary);
        NativeBuffer<T>? capped = softCap is null ? null : tape.Memory.Take(logits.Length);
        NativeBuffer<double> losses = tape.Losses(targets.Length);
        CrossEntropyOperation<T>? operation = null;
        if (x.NeedsGradient)
        {
            operation = tape.Record<CrossEntropyOperation<T>>();
            operation.x = x;
            operation.gradient = tape.Make(x.Length, by: null);
        }

        fixed (int* ids = targets)
        {
            for (int first = 0; first < targets.Length; first += rowsAtOnce)
            {
                int rows = Math.Min(rowsAtOnce, targets.Length - first);
                MatrixView<T> block = new(x.Pointer + ((nint)first * width), rows, width, width);
                MatrixView<T> of = new(logits.Pointer, rows, vocabulary, vocabulary);
                MatrixProduct.Linear(tape.Pool, block, unembedding, bias, of);
                Work work = new(logits.Pointer, capped is null ? null : capped.Pointer, ids + first, losses.Pointer + first, vocabulary, T.One / T.CreateTruncating(counted), softCap ?? T.Zero);
                tape.Pool.ForRows(rows, 4L * rows * vocabulary, ref work);
                if (operation is not null)
                {
                    MatrixProduct.LinearTransposed(tape.Pool, of, unembedding, new MatrixView<T>(operation.gradient.Pointer + ((nint)first * width), rows, width, width));
                }

                if (weightGradient is not null)
                {
                    MatrixProduct.Multiply(tape.Pool, of.Transpose(), block, new MatrixView<T>(weightGradient, vocabulary, width, width), T.One, accumulate: true);
                }

                if (biasGradient is not null)
                {
                    ColumnSums.Add(tape.Pool, of, biasGradient);
                }
            }
        }

        tape.Memory.Return(logits);
        if (capped is not null)
        {
            tape.Memory.Return(capped);
        }

        double sum = 0;
        foreach (double loss in losses.Span[..targets.Length])
        {
            sum += loss;
        }

        return sum / counted;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dx = new(tape, x);
        gradient.Span.CopyTo(new Span<T>(dx.Pointer, x.Length));
        dx.Finish();
        gradient.Release();
    }

    // Turns a row of logits into their gradient.
    private readonly struct Work(T* logits, T* capped, int* targets, double* losses, int vocabulary, T scale, T softCap) : IParallelWork
    {
        public void Invoke(int index)
        {
            Span<T> row = new(logits + ((nint)index * vocabulary), vocabulary);
            losses[index] = 0;
            if (targets[index] < 0)
            {
                row.Clear();
                return;
            }

            if (capped is null)
            {
                losses[index] = CrossEntropy.Row(row, targets[index], scale, row);
                return;
            }

            Kernels.SoftCap.Apply(row, softCap);
            Span<T> gradient = new(capped + ((nint)index * vocabulary), vocabulary);
            losses[index] = CrossEntropy.Row(row, targets[index], scale, gradient);
            SoftCapBackward.Apply(row, gradient, row, softCap);
        }
    }
}
