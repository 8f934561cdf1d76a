namespace Cutaway.Data;

/// <summary>How an answer of several tokens is measured.</summary>
public enum AnswerTokens
{
    /// <summary>Not at all: an answer must be one token.</summary>
    Single,

    /// <summary>By its first token.</summary>
    First,

    /// <summary>By the sum of the log-probabilities of its tokens, each after the prompt and the tokens before it.</summary>
    Sum,
}
