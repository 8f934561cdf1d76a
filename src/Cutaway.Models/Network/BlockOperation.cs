using System.Numerics;
using Cutaway.Tensors.Autograd;

namespace Cutaway.Models.Network;

/// <summary>A whole block of which only the input is held: it is run again, recorded, when its gradient is needed.</summary>
internal sealed class BlockOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private ForwardPass<T> pass = null!;
    private Variable<T> input = null!;
    private int layer;

    /// <summary>Records a block.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="pass">What runs it.</param>
    /// <param name="layer">Which block.</param>
    /// <param name="input">Its input, which is kept.</param>
    public static BlockOperation<T> Record(Tape<T> tape, ForwardPass<T> pass, int layer, Variable<T> input)
    {
        BlockOperation<T> operation = tape.Record<BlockOperation<T>>();
        operation.pass = pass;
        operation.layer = layer;
        operation.input = input;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape) => pass.BackThroughBlock(layer, input, Output!);
}
