namespace Cutaway.Runs;

/// <summary>How to generate.</summary>
public sealed record GenerationOptions
{
    /// <summary>Tokens to generate at the most.</summary>
    public int MaxTokens { get; init; } = 40;

    /// <summary>0 takes the most likely token; above, logits are divided by it and a token is drawn.</summary>
    public double Temperature { get; init; }

    /// <summary>Seed of the draws.</summary>
    public int Seed { get; init; }

    /// <summary>Whether the model's end-of-text token ends the generation.</summary>
    public bool StopAtEnd { get; init; } = true;

    /// <summary>Called with each token as it is chosen, or null.</summary>
    public Action<int>? OnToken { get; init; }
}

/// <summary>What was generated.</summary>
/// <param name="Prompt">Ids of the prompt.</param>
/// <param name="Ids">Ids that were generated, the end of text included if it was reached.</param>
/// <param name="Text">The generated text without special tokens.</param>
/// <param name="LogProbabilities">The log-probability of each generated token at temperature 1.</param>
/// <param name="Gaps">By how much the most likely token's logit exceeded the second's in each step.</param>
public sealed record Generation(
    IReadOnlyList<int> Prompt, IReadOnlyList<int> Ids, string Text, IReadOnlyList<double> LogProbabilities, IReadOnlyList<double> Gaps);
