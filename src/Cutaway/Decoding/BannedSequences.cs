namespace Cutaway.Decoding;

/// <summary>Removes the last token of each sequence where the text so far ends with the tokens before it; a sequence of one token is removed always.</summary>
/// <param name="Sequences">Ids, none of them empty.</param>
public sealed record BannedSequences(IReadOnlyList<int[]> Sequences) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        for (int i = 0; i < Sequences.Count; i++)
        {
            ReadOnlySpan<int> sequence = Sequences[i];
            if (step.Tokens.EndsWith(sequence[..^1]))
            {
                step.Remove(sequence[^1]);
            }
        }
    }
}
