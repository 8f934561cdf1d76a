namespace Cutaway.Decoding;

/// <summary>
/// Contrastive search (Su et al. 2022, section 3.2): of the most likely tokens, chooses the one of the largest
/// (1 - α) · probability - α · the largest cosine between its own hidden state and those of all tokens before it. The hidden state
/// is what the unembedding reads.
/// </summary>
public sealed record ContrastiveSearch : DecodingStrategy
{
    /// <summary>α, from 0 (the most likely token) to 1 (the least similar one).</summary>
    public double Alpha { get; init; } = 0.6;

    /// <summary>How many tokens are compared.</summary>
    public int Candidates { get; init; } = 4;

    /// <inheritdoc/>
    internal override void Validate(LanguageModel model)
    {
        if (!(Alpha is >= 0 and <= 1) || Candidates < 1 || Candidates > model.Config.Vocabulary)
        {
            throw CutawayException.Usage(
                $"contrastive search needs an alpha from 0 to 1 and between 1 and {model.Config.Vocabulary} candidates; got {Alpha} and {Candidates}");
        }
    }
}
