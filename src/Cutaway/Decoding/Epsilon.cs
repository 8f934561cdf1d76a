namespace Cutaway.Decoding;

/// <summary>Keeps the tokens of at least a probability (Hewitt et al. 2022, section 4.1), and always the most likely ones.</summary>
/// <param name="Least">Above 0, below 1.</param>
public sealed record Epsilon(double Least) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        step.RemoveBelow(step.Probabilities(), Least);
    }
}
