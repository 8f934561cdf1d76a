namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>What is done to the tokens of a whole text.</summary>
/// <param name="Before">Special tokens put in front.</param>
/// <param name="After">Special tokens put behind.</param>
/// <param name="TrimSpaces">Whether the white space that a token holds is taken out of its range; the id stays.</param>
/// <param name="PrefixSpace">Whether a space was put in front of the text, which is no part of it to take out.</param>
internal sealed record PostProcessor(IReadOnlyList<int> Before, IReadOnlyList<int> After, bool TrimSpaces = false, bool PrefixSpace = false)
{
    /// <summary>Nothing is done.</summary>
    public static PostProcessor None { get; } = new([], []);

    /// <summary>This one and then another.</summary>
    public PostProcessor Then(PostProcessor next) =>
        new([.. next.Before, .. Before], [.. After, .. next.After], TrimSpaces || next.TrimSpaces, PrefixSpace || next.PrefixSpace);

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
