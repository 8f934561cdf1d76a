namespace Cutaway.Decoding;

/// <summary>Adds a number to the logits of some tokens.</summary>
/// <param name="Biases">Token and what is added; minus infinity removes it.</param>
public sealed record LogitBias(IReadOnlyList<KeyValuePair<int, double>> Biases) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        for (int i = 0; i < Biases.Count; i++)
        {
            step.Logits[Biases[i].Key] += Biases[i].Value;
        }
    }
}
