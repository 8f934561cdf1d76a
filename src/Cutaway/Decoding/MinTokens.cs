namespace Cutaway.Decoding;

/// <summary>Removes the tokens that end a text until enough are generated.</summary>
/// <param name="Count">How many tokens there must be before one of them.</param>
/// <param name="Ends">The tokens that end a text.</param>
public sealed record MinTokens(int Count, IReadOnlyList<int> Ends) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        if (step.Generated.Length < Count)
        {
            for (int i = 0; i < Ends.Count; i++)
            {
                step.Remove(Ends[i]);
            }
        }
    }
}
