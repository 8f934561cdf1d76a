using Cutaway.Tensors;

namespace Cutaway.Runs;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>There were as many tokens as allowed.</summary>
    Length,

    /// <summary>The end of text or a stop token was chosen.</summary>
    EndToken,

    /// <summary>A stop text was written.</summary>
    StopText,

    /// <summary>The constraint allows nothing more.</summary>
    Complete,
}

/// <summary>What was generated.</summary>
/// <param name="Prompt">Ids of the prompt.</param>
/// <param name="Ids">Ids that were generated, the token that ended the text included.</param>
/// <param name="Text">The generated text without special tokens, cut in front of a stop text.</param>
/// <param name="LogProbabilities">The log-probability of each generated token as the model gives it, at temperature 1 and before any filter.</param>
/// <param name="Gaps">By how much the most likely token's logit exceeded the second's in each step.</param>
public sealed record Generation(
    IReadOnlyList<int> Prompt, IReadOnlyList<int> Ids, string Text, IReadOnlyList<double> LogProbabilities, IReadOnlyList<double> Gaps)
{
    /// <summary>Why it ended.</summary>
    public FinishReason Finish { get; init; }

    /// <summary>The score by which a beam search ranks it; elsewhere the sum of the log-probabilities.</summary>
    public double Score { get; init; }

    /// <summary>The other texts that a beam search found, best first.</summary>
    public IReadOnlyList<Generation> Alternatives { get; init; } = [];

    /// <summary>What the plan captured, by hook name, in each pass: the first one read the prompt, pass i read generated token i - 1. Empty where nothing was to be captured.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, Tensor>> Captures { get; init; } = [];
}
