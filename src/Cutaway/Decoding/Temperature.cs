using System.Numerics.Tensors;

namespace Cutaway.Decoding;

/// <summary>Divides the logits by a temperature: below 1 likely tokens become likelier, above 1 less so.</summary>
/// <param name="Value">Above 0.</param>
public sealed record Temperature(double Value) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step) => TensorPrimitives.Divide(step.Logits, Value, step.Logits);
}
