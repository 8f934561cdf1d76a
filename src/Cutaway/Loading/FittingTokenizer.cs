using Cutaway.Models.Tokenizers;

namespace Cutaway.Loading;

/// <summary>
/// The tokenizer of a model whose embedding has fewer rows than there are tokens: some were added after training, or it belongs to another model. A text is encoded if all of
/// its tokens have a row; the others are refused before they reach the network.
/// </summary>
/// <param name="inner">The tokenizer.</param>
/// <param name="rows">Rows of the embedding.</param>
/// <param name="model">The model, for messages.</param>
internal sealed class FittingTokenizer(ITokenizer inner, int rows, string model) : ITokenizer
{
    /// <inheritdoc/>
    public int Count => inner.Count;

    /// <inheritdoc/>
    public int? BeginOfText => inner.BeginOfText;

    /// <inheritdoc/>
    public int? EndOfText => inner.EndOfText;

    /// <inheritdoc/>
    public bool AddsBeginOfText => inner.AddsBeginOfText;

    /// <summary>The tokenizer itself where every token has a row.</summary>
    public static ITokenizer Of(ITokenizer tokenizer, int rows, string model) =>
        tokenizer.Count <= rows || tokenizer is FittingTokenizer ? tokenizer : new FittingTokenizer(tokenizer, rows, model);

    /// <inheritdoc/>
    public IReadOnlyList<Token> Encode(string text, bool addSpecialTokens = true)
    {
        IReadOnlyList<Token> tokens = inner.Encode(text, addSpecialTokens);
        foreach (Token token in tokens)
        {
            Check(token);
        }

        return tokens;
    }

    /// <inheritdoc/>
    public IReadOnlyList<PairToken> EncodePair(string first, string second)
    {
        IReadOnlyList<PairToken> tokens = inner.EncodePair(first, second);
        foreach (PairToken token in tokens)
        {
            Check(token.Token);
        }

        return tokens;
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) => inner.Decode(ids, skipSpecialTokens);

    /// <inheritdoc/>
    public string TokenText(int id) => inner.TokenText(id);

    /// <inheritdoc/>
    public byte[] TokenBytes(int id) => inner.TokenBytes(id);

    private void Check(Token token)
    {
        if (token.Id >= rows)
        {
            throw CutawayException.Input(
                $"the token '{inner.TokenText(token.Id)}' has the id {token.Id}, but the embedding of '{model}' has {rows} rows (its tokenizer has {inner.Count} tokens); "
                + "leave it out, or check that the tokenizer's files belong to the model");
        }
    }
}
