using System.Numerics;

namespace Cutaway.Tensors.Autograd;

/// <summary>Each row copied, once or several times in a row: dx is the sum of its copies' gradients.</summary>
internal sealed unsafe class RepeatOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private int width;

    /// <summary>Records the copies where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="width">The width of a row.</param>
    public static RepeatOperation<T>? Record(Tape<T> tape, Variable<T> x, int width)
    {
        if (!x.NeedsGradient)
        {
            return null;
        }

        RepeatOperation<T> operation = tape.Record<RepeatOperation<T>>();
        operation.x = x;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape) => RowSum.Contribute(tape, Output!.Gradient, x, width, Output.Length / x.Length);
}
