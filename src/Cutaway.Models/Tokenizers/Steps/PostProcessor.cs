namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>What is done to the tokens of a whole text.</summary>
/// <param name="Before">Special tokens put in front.</param>
/// <param name="After">Special tokens put behind.</param>
/// <param name="TrimSpaces">Whether the white space that a token holds is taken out of its range; the id stays.</param>
/// <param name="PrefixSpace">Whether a space was put in front of the text, which is no part of it to take out.</param>
internal sealed record PostProcessor(IReadOnlyList<int> Before, IReadOnlyList<int> After, bool TrimSpaces = false, bool PrefixSpace = false)
{
    private static readonly IReadOnlyList<PairPiece> OneAfterAnother = [PairPiece.Of(0, 0), PairPiece.Of(1, 1)];

    /// <summary>How two texts are put together.</summary>
    public IReadOnlyList<PairPiece> Pair { get; init; } = OneAfterAnother;

    /// <summary>Nothing is done.</summary>
    public static PostProcessor None { get; } = new([], []);

    /// <summary>BERT's: a token in front and one behind each text; the second text and what ends it have type 1.</summary>
    public static PostProcessor Bert(int begin, int end) => new([begin], [end])
    {
        Pair = [PairPiece.Token(begin, 0), PairPiece.Of(0, 0), PairPiece.Token(end, 0), PairPiece.Of(1, 1), PairPiece.Token(end, 1)],
    };

    /// <summary>This one and then another.</summary>
    public PostProcessor Then(PostProcessor next) =>
        new([.. next.Before, .. Before], [.. After, .. next.After], TrimSpaces || next.TrimSpaces, PrefixSpace || next.PrefixSpace)
        {
            Pair = next.Pair == OneAfterAnother ? Pair : next.Pair,
        };

    /// <summary>Does it; the added tokens cover nothing.</summary>
    public IReadOnlyList<Token> Apply(string text, List<Token> tokens, Vocabulary vocabulary, bool addSpecialTokens)
    {
        if (TrimSpaces)
        {
            for (int i = 0; i < tokens.Count; i++)
            {
                tokens[i] = Trim(text, tokens[i], vocabulary[tokens[i].Id]!, i == 0);
            }
        }

        return addSpecialTokens && Before.Count + After.Count > 0
            ? [.. Before.Select(id => new Token(id, 0, 0)), .. tokens, .. After.Select(id => new Token(id, 0, 0))]
            : tokens;
    }

    /// <summary>Puts the tokens of two texts together.</summary>
    public IReadOnlyList<PairToken> Join(IReadOnlyList<Token>[] texts) => [.. Pair.SelectMany(piece => piece.Special is { } id
        ? [new PairToken(new Token(id, 0, 0), null, piece.Type)]
        : texts[piece.Text].Select(token => new PairToken(token, piece.Text, piece.Type)))];

    private Token Trim(string text, Token token, string written, bool first)
    {
        int leading = ByteLevel.Spaces(written, atEnd: false);
        int trailing = ByteLevel.Spaces(written, atEnd: true);

        // One space at the very start is the one that was put there; several are the text's own.
        leading = first && PrefixSpace && leading == 1 ? 0 : leading;
        int start = token.Start;
        for (; leading > 0 && start < token.End; leading--)
        {
            start += char.IsHighSurrogate(text[start]) ? 2 : 1;
        }

        int end = token.End;
        for (; trailing > 0 && end > start; trailing--)
        {
            end -= char.IsLowSurrogate(text[end - 1]) ? 2 : 1;
        }

        return new Token(token.Id, start, end);
    }
}

/// <summary>A piece of the template of two texts: a special token, or the first (0) or second (1) text, and the type of its tokens.</summary>
internal readonly record struct PairPiece(int? Special, int Text, int Type)
{
    /// <summary>A special token.</summary>
    public static PairPiece Token(int id, int type) => new(id, 0, type);

    /// <summary>A text.</summary>
    public static PairPiece Of(int text, int type) => new(null, text, type);
}
