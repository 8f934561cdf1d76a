using System.Numerics;

namespace Cutaway.Tensors.Autograd;

/// <summary>One recorded operation: what its backward step needs of its inputs, and where its output's gradient will arrive.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>What it made; null for an operation that only looks on.</summary>
    public Variable<T>? Output { get; set; }

    /// <summary>Hands the output's gradient on to the inputs and parameters that need it.</summary>
    public abstract void Backward(Tape<T> tape);

    /// <summary>Lets go of what is neither the tape's nor the network's, so that a tape kept for later holds nothing of the caller's.</summary>
    public virtual void Forget() => Output = null;
}
