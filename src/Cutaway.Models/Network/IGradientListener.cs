using System.Numerics;

namespace Cutaway.Models.Network;

/// <summary>Reads and changes activations during a recorded forward pass, and reads their gradients on the way back.</summary>
/// <typeparam name="T">float or double.</typeparam>
public interface IGradientListener<T> : IActivationListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Whether the visit of this hook point changes values.</summary>
    bool Changes(int index);

    /// <summary>Whether <see cref="Change"/> is to be called even if nothing before the hook point asks for a gradient, since what the change adds does.</summary>
    bool ChangeWantsGradient(int index);

    /// <summary>Whether the gradient at this hook point is wanted.</summary>
    bool WantsGradient(int index);

    /// <summary>Called on the way back with the gradient of the values that the network went on with.</summary>
    void Gradient(in Activation<T> gradient);

    /// <summary>Called on the way back where values were changed: turns the gradient after the change into the gradient before it.</summary>
    /// <param name="gradient">The gradient, changed in place.</param>
    /// <param name="before">The values before the change.</param>
    void Change(in Activation<T> gradient, ReadOnlySpan<T> before);
}
