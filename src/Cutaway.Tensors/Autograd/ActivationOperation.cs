using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = act(x), or y = act(gate) · up.</summary>
internal sealed unsafe class ActivationOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private ActivationKind kind;
    private Variable<T> pre = null!;
    private Variable<T>? up;
    private int width;

    /// <summary>Records the activation where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="kind">The nonlinearity.</param>
    /// <param name="pre">[rows, width]: x, or the gate.</param>
    /// <param name="up">[rows, width], or null.</param>
    /// <param name="width">The width of a row.</param>
    public static ActivationOperation<T>? Record(Tape<T> tape, ActivationKind kind, Variable<T> pre, Variable<T>? up, int width)
    {
        if (!pre.NeedsGradient && up?.NeedsGradient != true)
        {
            return null;
        }

        ActivationOperation<T> operation = tape.Record<ActivationOperation<T>>();
        operation.kind = kind;
        operation.pre = pre.Keep();
        operation.up = up?.Keep();
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        int rows = pre.Length / width;
        if (up is null)
        {
            Contribution<T> dx = new(tape, pre);
            Work plain = new(kind, pre.Pointer, null, Output!.Gradient, dx.Pointer, null, width);
            tape.Pool.ForRows(rows, 4L * pre.Length, ref plain);
            dx.Finish();
            return;
        }

        // The kernel gives both gradients; a branch that nobody asks for gets memory for the moment.
        Contribution<T> dGate = new(tape, pre);
        Contribution<T> dUp = new(tape, up);
        NativeBuffer<T>? unused = dGate.Pointer is null || dUp.Pointer is null ? tape.Memory.Take(pre.Length) : null;
        Work gated = new(
            kind, pre.Pointer, up.Pointer, Output!.Gradient, dGate.Pointer is null ? unused!.Pointer : dGate.Pointer, dUp.Pointer is null ? unused!.Pointer : dUp.Pointer, width);
        tape.Pool.ForRows(rows, 4L * pre.Length, ref gated);
        if (unused is not null)
        {
            tape.Memory.Return(unused);
        }

        dGate.Finish();
        dUp.Finish();
    }

    private readonly struct Work(ActivationKind kind, T* pre, T* up, T* dy, T* dPre, T* dUp, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            nint at = (nint)index * width;
            ReadOnlySpan<T> x = new(pre + at, width);
            ReadOnlySpan<T> d = new(dy + at, width);
            Span<T> dx = new(dPre + at, width);
            if (up is null)
            {
                ActivationsBackward.Apply(kind, x, d, dx);
            }
            else
            {
                ActivationsBackward.ApplyGated(kind, x, new ReadOnlySpan<T>(up + at, width), d, dx, new Span<T>(dUp + at, width));
            }
        }
    }
}
