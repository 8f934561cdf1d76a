namespace Cutaway.Decoding;

/// <summary>
/// Nucleus sampling (Holtzman et al. 2020, section 3.1): keeps the smallest set of the most likely tokens whose probabilities
/// sum to P or more, at least one; of equal ones those of lower id.
/// </summary>
/// <param name="P">From 0 to 1.</param>
public sealed record TopP(double P) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        ReadOnlySpan<double> probabilities = step.Probabilities();

        // All tokens less likely than this have less than 1 - P together, so the rest is more than the set.
        double least = (1 - P) / probabilities.Length;
        ReadOnlySpan<int> order = step.Sort(probabilities, least, descending: true);
        int kept = 0;
        for (double sum = 0; kept < order.Length && (kept == 0 || sum < P); kept++)
        {
            sum += probabilities[order[kept]];
        }

        step.KeepOnly(order[..kept]);
    }
}
