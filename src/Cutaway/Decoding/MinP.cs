using System.Numerics.Tensors;

namespace Cutaway.Decoding;

/// <summary>Keeps the tokens at least P times as likely as the most likely one (Nguyen et al. 2024, section 3).</summary>
/// <param name="P">From 0 to 1.</param>
public sealed record MinP(double P) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        ReadOnlySpan<double> probabilities = step.Probabilities();
        step.RemoveBelow(probabilities, P * TensorPrimitives.Max(probabilities));
    }
}
