namespace Cutaway.Decoding;

/// <summary>
/// Makes every token of the prompt or the text so far less likely, once however often it occurred: a positive logit is divided by the
/// penalty, a negative one multiplied (Keskar et al. 2019, section 4.1, with the sign taken into account as `transformers` does).
/// </summary>
/// <param name="Penalty">Above 0; 1 changes nothing.</param>
public sealed record RepetitionPenalty(double Penalty) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        ReadOnlySpan<int> counts = step.Count(step.Tokens);
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
            {
                double logit = step.Logits[i];
                step.Logits[i] = logit < 0 ? logit * Penalty : logit / Penalty;
            }
        }

        step.ClearCounts(step.Tokens);
    }
}
