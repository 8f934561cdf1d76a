using System.Numerics;
using Cutaway.Tensors.Autograd;

namespace Cutaway.Models.Network;

/// <summary>A visit of a hook point: hands the gradient there to the listener, or takes it through the listener's change.</summary>
internal sealed unsafe class HookOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int[] extents = new int[4];
    private IGradientListener<T> listener = null!;
    private HookPoint point = null!;
    private Variable<T> variable = null!;
    private int axes;
    private int past;

    /// <summary>Records a visit.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="listener">Who visits.</param>
    /// <param name="point">The hook point.</param>
    /// <param name="variable">The values before a change, or those whose gradient is asked for.</param>
    /// <param name="shape">Their extents.</param>
    /// <param name="past">Positions before the first.</param>
    public static HookOperation<T> Record(Tape<T> tape, IGradientListener<T> listener, HookPoint point, Variable<T> variable, ReadOnlySpan<int> shape, int past)
    {
        HookOperation<T> operation = tape.Record<HookOperation<T>>();
        operation.listener = listener;
        operation.point = point;
        operation.variable = variable;
        operation.axes = shape.Length;
        operation.past = past;
        shape.CopyTo(operation.extents);
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        if (Output is null)
        {
            if (!variable.HasGradient)
            {
                // Nothing that the result depends on read it.
                _ = variable.Contribute(out _);
                new Span<T>(variable.Gradient, variable.Length).Clear();
            }

            listener.Gradient(At(variable.Gradient));
            return;
        }

        listener.Change(At(Output.Gradient), variable.Span);
        if (variable.NeedsGradient)
        {
            Contribution<T> before = new(tape, variable);
            new ReadOnlySpan<T>(Output.Gradient, variable.Length).CopyTo(new Span<T>(before.Pointer, variable.Length));
            before.Finish();
        }
    }

    /// <inheritdoc/>
    public override void Forget()
    {
        base.Forget();
        listener = null!;
    }

    private Activation<T> At(T* values) => new()
    {
        Point = point,
        Values = new Span<T>(values, variable.Length),
        Shape = extents.AsSpan(0, axes),
        Past = past,
    };
}
