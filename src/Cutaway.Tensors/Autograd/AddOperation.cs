using System.Numerics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = a + b, where each row of b serves one row of a, or several that follow each other.</summary>
internal sealed unsafe class AddOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> a = null!;
    private Variable<T> b = null!;
    private int width;

    /// <summary>Records the sum where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="a">[rows, repeats, width].</param>
    /// <param name="b">[rows, width].</param>
    /// <param name="width">The width of a row.</param>
    public static AddOperation<T>? Record(Tape<T> tape, Variable<T> a, Variable<T> b, int width)
    {
        if (!a.NeedsGradient && !b.NeedsGradient)
        {
            return null;
        }

        AddOperation<T> operation = tape.Record<AddOperation<T>>();
        operation.a = a;
        operation.b = b;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        RowSum.Contribute(tape, Output!.Gradient, b, width, a.Length / b.Length);
        if (!a.NeedsGradient)
        {
            return;
        }

        if (!a.HasGradient)
        {
            a.TakeGradient(Output);
            return;
        }

        Contribution<T> da = new(tape, a);
        ParallelCopy.Run(new ReadOnlySpan<T>(Output.Gradient, a.Length), new Span<T>(da.Pointer, a.Length));
        da.Finish();
    }
}
