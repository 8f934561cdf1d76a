using System.Numerics;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>Rotary positions: the gradient is rotated back.</summary>
internal sealed unsafe class RotateOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private int[] positions = [];
    private NativeBuffer<T> cosines = null!;
    private NativeBuffer<T> sines = null!;
    private int first;
    private int pairs;
    private bool interleaved;
    private int heads;
    private int dHead;

    /// <summary>Records a rotation where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, heads, d_head].</param>
    /// <param name="positions">[rows]; not to be changed until the way back.</param>
    /// <param name="tables">Cosines and sines, [positions, pairs].</param>
    /// <param name="first">The first element of a head that is rotated.</param>
    /// <param name="pairs">Pairs that are rotated.</param>
    /// <param name="interleaved">Whether a pair's members are neighbours.</param>
    /// <param name="heads">Heads of a row.</param>
    /// <param name="dHead">Width of a head.</param>
    public static RotateOperation<T>? Record(
        Tape<T> tape, Variable<T> x, int[] positions, (NativeBuffer<T> Cosines, NativeBuffer<T> Sines) tables, int first, int pairs, bool interleaved, int heads, int dHead)
    {
        if (!x.NeedsGradient)
        {
            return null;
        }

        RotateOperation<T> operation = tape.Record<RotateOperation<T>>();
        operation.x = x;
        operation.positions = positions;
        (operation.cosines, operation.sines) = tables;
        operation.first = first;
        operation.pairs = pairs;
        operation.interleaved = interleaved;
        operation.heads = heads;
        operation.dHead = dHead;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dx = new(tape, x);
        Work work = new(this, Output!.Gradient, dx.Pointer);
        tape.Pool.ForRows(x.Length / (heads * dHead), x.Length, ref work);
        dx.Finish();
    }

    private readonly struct Work(RotateOperation<T> operation, T* dy, T* dx) : IParallelWork
    {
        public void Invoke(int index)
        {
            int pairs = operation.pairs;
            ReadOnlySpan<T> cosines = operation.cosines.Span.Slice(operation.positions[index] * pairs, pairs);
            ReadOnlySpan<T> sines = operation.sines.Span.Slice(operation.positions[index] * pairs, pairs);
            for (int head = 0; head < operation.heads; head++)
            {
                nint at = (((nint)index * operation.heads) + head) * operation.dHead;
                Span<T> target = new(dx + at, operation.dHead);
                new ReadOnlySpan<T>(dy + at, operation.dHead).CopyTo(target);
                target = target[operation.first..];
                if (operation.interleaved)
                {
                    RotaryBackward.Interleaved(target, cosines, sines);
                }
                else
                {
                    RotaryBackward.HalfSplit(target, cosines, sines);
                }
            }
        }
    }
}
