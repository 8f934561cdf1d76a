namespace Cutaway.Models.Network;

/// <summary>Which positions' logits a run computes.</summary>
public enum LogitScope
{
    /// <summary>Those of every position.</summary>
    All,

    /// <summary>Those of each sequence's last position.</summary>
    Last,

    /// <summary>None.</summary>
    None,
}

/// <summary>What goes into a forward pass.</summary>
/// <param name="Tokens">Ids, [batch, pos] row-major.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Length">Positions of each.</param>
public readonly record struct ForwardRequest(ReadOnlyMemory<int> Tokens, int Batch, int Length)
{
    /// <summary>
    /// Which positions are real, [batch, past + pos]; empty where all are. Padding is never attended to, and positions are
    /// counted from the first real token.
    /// </summary>
    public ReadOnlyMemory<bool> AttentionMask { get; init; }

    /// <summary>
    /// The embedding of each position, [batch, pos, d_model], in place of the tokens' (patches of an image): ids are then not
    /// looked at, but there are as many. Empty for those of the tokens.
    /// </summary>
    public ReadOnlyMemory<double> Vectors { get; init; }

    /// <summary>Which kind of text each token belongs to, [batch, pos], in networks that know kinds; empty for the first kind everywhere.</summary>
    public ReadOnlyMemory<int> TokenTypes { get; init; }

    /// <summary>Which logits to compute.</summary>
    public LogitScope Logits { get; init; }

    /// <summary>
    /// The rows of the unembedding whose logits are computed (<see cref="TransformerNetwork.UnembeddingOf"/>), in place of the whole
    /// vocabulary; null for all. A tape takes no gradients of these rows themselves, and a loss reads all.
    /// </summary>
    public LinearWeights? Unembedding { get; init; }

    /// <summary>Keys and values of earlier positions, extended by this pass; null for a pass of its own.</summary>
    public KeyValueCache? Cache { get; init; }

    /// <summary>
    /// The id that each position should predict, [batch, pos], below zero where a position does not count: asks for the mean
    /// cross-entropy in place of logits, in a recorded pass; empty for none.
    /// </summary>
    public ReadOnlyMemory<int> Targets { get; init; }
}
