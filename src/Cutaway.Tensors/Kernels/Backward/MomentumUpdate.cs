using System.Numerics;
using System.Numerics.Tensors;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>One step of gradient descent with momentum (Sutskever et al. 2013, section 2) for a run of parameters.</summary>
/// <param name="LearningRate">Of this step.</param>
/// <param name="Momentum">What is kept of the last step's direction.</param>
public readonly record struct MomentumUpdate(double LearningRate, double Momentum)
{
    /// <summary>λ of L2 regularisation: this times the parameter is added to the gradient.</summary>
    public double GradientDecay { get; init; }

    /// <summary>A factor on the gradient: clipping.</summary>
    public double GradientScale { get; init; } = 1;

    /// <summary>direction = momentum · direction + gradient; parameters -= rate · direction.</summary>
    public void Apply<T>(Span<T> parameters, ReadOnlySpan<T> gradient, Span<T> direction)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        gradient = gradient[..parameters.Length];
        direction = direction[..parameters.Length];
        TensorPrimitives.Multiply(direction, T.CreateTruncating(Momentum), direction);
        TensorPrimitives.FusedMultiplyAdd(gradient, T.CreateTruncating(GradientScale), direction, direction);
        TensorPrimitives.FusedMultiplyAdd(parameters, T.CreateTruncating(GradientDecay), direction, direction);
        TensorPrimitives.FusedMultiplyAdd(direction, T.CreateTruncating(-LearningRate), parameters, parameters);
    }
}
