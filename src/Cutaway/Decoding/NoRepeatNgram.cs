namespace Cutaway.Decoding;

/// <summary>Removes every token that would repeat a run of tokens of the prompt or the text so far (Paulus et al. 2018, section 2.5).</summary>
/// <param name="Size">How long the run is, at least 1.</param>
public sealed record NoRepeatNgram(int Size) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        ReadOnlySpan<int> text = step.Tokens;
        int before = Size - 1;
        if (text.Length < Size)
        {
            return;
        }

        ReadOnlySpan<int> end = text[^before..];
        for (int i = 0; i + before < text.Length; i++)
        {
            if (text.Slice(i, before).SequenceEqual(end))
            {
                step.Remove(text[i + before]);
            }
        }
    }
}
