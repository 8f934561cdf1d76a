using Cutaway.Models.Tokenizers;

namespace Cutaway.Loading;

/// <summary>Stands in where a model has no tokenizer that can be read: the network runs on ids, and whoever needs text is told why there is none.</summary>
/// <param name="count">Rows of the model's embedding.</param>
/// <param name="reason">What was wrong with the tokenizer.</param>
internal sealed class MissingTokenizer(int count, CutawayException reason) : ITokenizer
{
    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public int? BeginOfText => null;

    /// <inheritdoc/>
    public int? EndOfText => null;

    /// <inheritdoc/>
    public bool AddsBeginOfText => false;

    /// <summary>The tokenizer of a model, or a stand-in that keeps the reason why there is none.</summary>
    /// <param name="open">Opens the tokenizer.</param>
    /// <param name="vocabulary">Rows of the model's embedding.</param>
    public static ITokenizer Or(Func<ITokenizer> open, int vocabulary)
    {
        try
        {
            return open();
        }
        catch (CutawayException error)
        {
            return new MissingTokenizer(vocabulary, error);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Token> Encode(string text, bool addSpecialTokens = true) =>
        throw new CutawayException(reason.Kind, $"{reason.Message}. Token ids can be given instead of text", reason);

    /// <inheritdoc/>
    public byte[] TokenBytes(int id) => throw new CutawayException(reason.Kind, $"{reason.Message}. What a text must match cannot be told without it", reason);

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) => string.Concat(ids.ToArray().Select(TokenText));

    /// <inheritdoc/>
    public string TokenText(int id) => $"<id {id}>";
}
