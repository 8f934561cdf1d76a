namespace Cutaway.Decoding;

/// <summary>Keeps the tokens with the k largest logits (Fan et al. 2018, section 5.4); all that equal the k-th are kept.</summary>
/// <param name="K">At least 1.</param>
public sealed record TopK(int K) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        double least = step.KthLargest(K);
        for (int i = 0; i < step.Logits.Length; i++)
        {
            if (step.Logits[i] < least)
            {
                step.Remove(i);
            }
        }
    }
}
