namespace Cutaway.Decoding;

/// <summary>
/// Lowers the logits of generated tokens (those of the prompt do not count): by the presence penalty if a token occurred, and by the
/// frequency penalty each time it did.
/// </summary>
/// <param name="Presence">Negative encourages.</param>
/// <param name="Frequency">Negative encourages.</param>
public sealed record OccurrencePenalties(double Presence, double Frequency) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        ReadOnlySpan<int> counts = step.Count(step.Generated);
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
            {
                step.Logits[i] -= Presence + (counts[i] * Frequency);
            }
        }

        step.ClearCounts(step.Generated);
    }
}
