namespace Cutaway.Decoding;

/// <summary>
/// Keeps the tokens of at least the probability min(ε, √ε · exp(-H)), where H is the entropy (Hewitt et al. 2022, section 4.2), and
/// always the most likely ones: the surer the model, the higher the limit, up to ε.
/// </summary>
/// <param name="Most">ε, above 0, below 1.</param>
public sealed record Eta(double Most) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        ReadOnlySpan<double> probabilities = step.Probabilities();
        step.RemoveBelow(probabilities, Math.Min(Most, Math.Sqrt(Most) * Math.Exp(-step.Entropy())));
    }
}
