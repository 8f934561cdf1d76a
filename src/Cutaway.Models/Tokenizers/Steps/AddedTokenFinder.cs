using System.Buffers;
using System.Globalization;
using System.Text;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>Finds added tokens in a text: the first that begins, and the longest that begins there.</summary>
internal sealed class AddedTokenFinder
{
    private readonly TokenTrie trie = new();
    private readonly List<AddedToken> all = [];
    private readonly SearchValues<char> firsts;

    /// <summary>Takes all tokens.</summary>
    /// <param name="tokens">The tokens, and how each is written where it is looked for.</param>
    public AddedTokenFinder(IEnumerable<(AddedToken Token, string Written)> tokens)
    {
        HashSet<char> begins = [];
        foreach ((AddedToken token, string written) in tokens.Where(token => token.Written.Length > 0))
        {
            trie.Add(written, all.Count);
            all.Add(token);
            begins.Add(written[0]);
        }

        firsts = SearchValues.Create([.. begins]);
    }

    /// <summary>Cuts a text into added tokens and what lies between them, in order; no part is empty.</summary>
    public void Split(AlignedText text, Action<AlignedText> between, Action<AddedToken, AlignedText> emit)
    {
        int done = 0;
        int position = 0;
        while (text.Span[position..].IndexOfAny(firsts) is int skipped and >= 0)
        {
            position += skipped;
            int found = trie.Longest(TokenTrie.Root, text.Span[position..], out int length);
            if (found == TokenTrie.None || !Counts(all[found], text.Span, position, position + length))
            {
                position++;
                continue;
            }

            AddedToken token = all[found];
            int start = token.StripLeft ? Math.Max(done, text.Span[..position].TrimEnd().Length) : position;
            int end = position + length;
            end += token.StripRight ? text.Length - end - text.Span[end..].TrimStart().Length : 0;
            if (start > done)
            {
                between(text.Slice(done, start - done));
            }

            emit(token, text.Slice(start, end - start));
            done = end;
            position = end;
        }

        if (done < text.Length)
        {
            between(text.Slice(done, text.Length - done));
        }
    }

    private static bool Counts(AddedToken token, ReadOnlySpan<char> text, int start, int end)
    {
        if (!token.SingleWord)
        {
            return true;
        }

        Rune.DecodeLastFromUtf16(text[..start], out Rune before, out _);
        Rune.DecodeFromUtf16(text[end..], out Rune after, out _);
        return (start == 0 || !IsWord(before)) && (end == text.Length || !IsWord(after));
    }

    private static bool IsWord(Rune rune) => Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.LetterNumber;
}
