using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>
/// Attention in one sweep, from queries, keys and values to their mix, or one of its steps where a hook looks on. In one sweep
/// the pattern is not held: it is computed again on the way back, block by block (Dao et al. 2022, section 3.1).
/// </summary>
internal sealed unsafe class AttentionOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private AttentionWork<T> work;
    private bool[]? mask;
    private AttentionStep step;
    private int batch;
    private Variable<T>? queries;
    private Variable<T>? keys;
    private Variable<T>? values;
    private Variable<T>? square;
    private T* sinkGradient;
    private T* biasGradient;
    private int[]? buckets;

    /// <summary>Records attention, or a step of it, where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="step">Which part.</param>
    /// <param name="work">The shape: heads, positions, window, scale; its pointers to activations are not used.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="mask">Which keys are real, [batch, pos], or null where all are; not to be changed until the way back.</param>
    /// <param name="queries">[batch, pos, head, d_head], for scores.</param>
    /// <param name="keys">[batch, pos, key head, d_head], for scores.</param>
    /// <param name="values">[batch, pos, key head, width of values], for the mix.</param>
    /// <param name="square">The scores that a pattern is made of, or the pattern that values are mixed by, [batch, head, query, key].</param>
    /// <param name="parameters">Weights that the step reads.</param>
    public static AttentionOperation<T>? Record(
        Tape<T> tape, AttentionStep step, in AttentionWork<T> work, int batch, bool[]? mask, Variable<T>? queries, Variable<T>? keys, Variable<T>? values, Variable<T>? square, in ScoreParameters parameters)
    {
        T* sinkGradient = tape.GradientOf(parameters.Sinks);
        T* biasGradient = tape.GradientOf(parameters.Bias);
        if (sinkGradient is null && biasGradient is null
            && queries?.NeedsGradient != true && keys?.NeedsGradient != true && values?.NeedsGradient != true && square?.NeedsGradient != true)
        {
            return null;
        }

        AttentionOperation<T> operation = tape.Record<AttentionOperation<T>>();
        operation.work = work;
        operation.mask = mask;
        operation.step = step;
        operation.batch = batch;
        operation.queries = queries?.Keep();
        operation.keys = keys?.Keep();
        operation.values = values?.Keep();
        operation.sinkGradient = sinkGradient;
        operation.biasGradient = biasGradient;
        operation.buckets = parameters.Buckets;

        // The softmax is differentiated from what it made, not from what it read.
        operation.square = step == AttentionStep.Pattern ? square : square?.Keep();
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        fixed (bool* real = mask)
        {
            work.Mask = real;
            work.Q = queries is null ? null : queries.Pointer;
            work.K = keys is null ? null : keys.Pointer;
            work.V = values is null ? null : values.Pointer;
            work.Square = step == AttentionStep.Pattern ? Output!.Pointer : square is null ? null : square.Pointer;
            Contribution<T> dQueries = queries is null ? default : new(tape, queries);
            Contribution<T> dKeys = keys is null ? default : new(tape, keys);
            Contribution<T> dValues = values is null ? default : new(tape, values);
            Contribution<T> dSquare = square is null ? default : new(tape, square);
            NativeBuffer<T>? dSinks = sinkGradient is null ? null : tape.Memory.Take((long)batch * work.Heads);
            NativeBuffer<T>? dBias = biasGradient is null ? null : tape.Memory.Take((long)batch * work.Heads * buckets!.Length);
            AttentionBackwardWork<T> backward = new()
            {
                Forward = work,
                Step = step,
                Gradient = Output!.Gradient,
                DQ = dQueries.Pointer,
                DK = dKeys.Pointer,
                DV = dValues.Pointer,
                DSquare = dSquare.Pointer,
                DSinks = dSinks is null ? null : dSinks.Pointer,
                DBias = dBias is null ? null : dBias.Pointer,
            };
            tape.Pool.ForRows(batch * work.KeyHeads, 4L * Output.Length * work.Length, ref backward);
            dQueries.Finish();
            dKeys.Finish();
            dValues.Finish();
            dSquare.Finish();
            if (dSinks is not null)
            {
                ColumnSums.Add(tape.Pool, new MatrixView<T>(dSinks.Pointer, batch, work.Heads, work.Heads), sinkGradient);
                tape.Memory.Return(dSinks);
            }

            if (dBias is not null)
            {
                AddByBucket(dBias.Span);
                tape.Memory.Return(dBias);
            }
        }
    }

    // dBias is [sequence, head, distance]; the gradient is [bucket, head].
    private void AddByBucket(ReadOnlySpan<T> dBias)
    {
        for (int row = 0; row < batch * work.Heads; row++)
        {
            for (int distance = 0; distance < buckets!.Length; distance++)
            {
                biasGradient[((nint)buckets[distance] * work.Heads) + (row % work.Heads)] += dBias[(row * buckets.Length) + distance];
            }
        }
    }
}
