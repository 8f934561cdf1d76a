using System.Numerics;

namespace Cutaway.Models.Network;

/// <summary>An activation as it passes a hook point: changes to its values are what the network goes on with.</summary>
/// <typeparam name="T">float or double.</typeparam>
public readonly ref struct Activation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The hook point.</summary>
    public required HookPoint Point { get; init; }

    /// <summary>The values, row-major.</summary>
    public required Span<T> Values { get; init; }

    /// <summary>Extents in the order of <see cref="HookPoint.Axes"/>; valid only during the visit.</summary>
    public required ReadOnlySpan<int> Shape { get; init; }

    /// <summary>How many positions the key/value cache held before this pass: position i here is position Past + i of the text.</summary>
    public required int Past { get; init; }
}

/// <summary>Reads and changes activations during a forward pass.</summary>
/// <typeparam name="T">float or double.</typeparam>
public interface IActivationListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Whether the hook point of this firing index is to be visited; asked before it is computed.</summary>
    bool Wants(int index);

    /// <summary>The index of the last hook point of interest; the pass may stop there if no logits are asked for.</summary>
    int Last { get; }

    /// <summary>Called with the activation, to be read or changed in place.</summary>
    void Visit(in Activation<T> activation);
}
