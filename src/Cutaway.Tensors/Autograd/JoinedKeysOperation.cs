using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>Keys of which each head has a part of its own and all share the rest: the gradient of that is summed over heads.</summary>
internal sealed unsafe class JoinedKeysOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> own = null!;
    private Variable<T> shared = null!;
    private int heads;
    private int ownWidth;
    private int sharedWidth;

    /// <summary>Records the joining where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="own">[rows, heads, own width].</param>
    /// <param name="shared">[rows, shared width].</param>
    /// <param name="heads">Heads of a row.</param>
    /// <param name="ownWidth">Elements that each head has of its own; they come first.</param>
    /// <param name="sharedWidth">Elements that all share.</param>
    public static JoinedKeysOperation<T>? Record(Tape<T> tape, Variable<T> own, Variable<T> shared, int heads, int ownWidth, int sharedWidth)
    {
        if (!own.NeedsGradient && !shared.NeedsGradient)
        {
            return null;
        }

        JoinedKeysOperation<T> operation = tape.Record<JoinedKeysOperation<T>>();
        operation.own = own;
        operation.shared = shared;
        operation.heads = heads;
        operation.ownWidth = ownWidth;
        operation.sharedWidth = sharedWidth;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dOwn = new(tape, own);
        Contribution<T> dShared = new(tape, shared);
        Work work = new(this, Output!.Gradient, dOwn.Pointer, dShared.Pointer);
        tape.Pool.ForRows(shared.Length / sharedWidth, Output.Length, ref work);
        dOwn.Finish();
        dShared.Finish();
    }

    private readonly struct Work(JoinedKeysOperation<T> operation, T* dKeys, T* dOwn, T* dShared) : IParallelWork
    {
        public void Invoke(int index)
        {
            (int heads, int own, int shared) = (operation.heads, operation.ownWidth, operation.sharedWidth);
            Span<T> sum = dShared is null ? default : new(dShared + ((nint)index * shared), shared);
            sum.Clear();
            for (int head = 0; head < heads; head++)
            {
                nint at = ((nint)index * heads) + head;
                ReadOnlySpan<T> gradient = new(dKeys + (at * (own + shared)), own + shared);
                if (dOwn is not null)
                {
                    gradient[..own].CopyTo(new Span<T>(dOwn + (at * own), own));
                }

                if (!sum.IsEmpty)
                {
                    TensorPrimitives.Add(sum, gradient[own..], sum);
                }
            }
        }
    }
}
