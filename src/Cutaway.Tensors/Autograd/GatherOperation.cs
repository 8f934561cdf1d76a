using System.Numerics;

namespace Cutaway.Tensors.Autograd;

/// <summary>Chosen rows: their gradients go back to where they came from, and the other rows receive none.</summary>
internal sealed unsafe class GatherOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private int[] chosen = [];
    private int count;
    private int width;

    /// <summary>Records the choice where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="chosen">Which row each row of the result is; kept until the way back.</param>
    /// <param name="count">How many are chosen.</param>
    /// <param name="width">The width of a row.</param>
    public static GatherOperation<T>? Record(Tape<T> tape, Variable<T> x, int[] chosen, int count, int width)
    {
        if (!x.NeedsGradient)
        {
            return null;
        }

        GatherOperation<T> operation = tape.Record<GatherOperation<T>>();
        operation.x = x;
        operation.chosen = chosen;
        operation.count = count;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dx = new(tape, x);
        new Span<T>(dx.Pointer, x.Length).Clear();
        for (int i = 0; i < count; i++)
        {
            new ReadOnlySpan<T>(Output!.Gradient + ((nint)i * width), width).CopyTo(new Span<T>(dx.Pointer + ((nint)chosen[i] * width), width));
        }

        dx.Finish();
    }
}
