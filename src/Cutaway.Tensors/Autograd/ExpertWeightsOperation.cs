using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>The weights of chosen experts, from the router's logits; the choice itself has no gradient.</summary>
internal sealed unsafe class ExpertWeightsOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> logits = null!;
    private ExpertRouting routing = null!;
    private int[] chosen = [];
    private int experts;

    /// <summary>Records the weights where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="logits">[rows, experts].</param>
    /// <param name="routing">How weights come of logits.</param>
    /// <param name="chosen">[rows, chosen experts]; kept until the way back.</param>
    /// <param name="experts">How many experts.</param>
    public static ExpertWeightsOperation<T>? Record(Tape<T> tape, Variable<T> logits, ExpertRouting routing, int[] chosen, int experts)
    {
        if (!logits.NeedsGradient)
        {
            return null;
        }

        ExpertWeightsOperation<T> operation = tape.Record<ExpertWeightsOperation<T>>();
        operation.logits = logits.Keep();
        operation.routing = routing;
        operation.chosen = chosen;
        operation.experts = experts;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dLogits = new(tape, logits);
        int rows = logits.Length / experts;
        Work work = new(this, Output!.Gradient, dLogits.Pointer, chosen.Length / rows);
        tape.Pool.ForRows(rows, logits.Length, ref work);
        dLogits.Finish();
    }

    private readonly struct Work(ExpertWeightsOperation<T> operation, T* dWeights, T* dLogits, int count) : IParallelWork
    {
        public void Invoke(int index)
        {
            int experts = operation.experts;
            nint at = (nint)index * experts;
            NativeBuffer<T> scratch = RowScratch<T>.Take(experts);
            operation.routing.Backward(
                new ReadOnlySpan<T>(operation.logits.Pointer + at, experts),
                operation.chosen.AsSpan(index * count, count),
                new ReadOnlySpan<T>(dWeights + ((nint)index * count), count),
                scratch.Span[..experts],
                new Span<T>(dLogits + at, experts));
        }
    }
}
