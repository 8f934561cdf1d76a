using System.Buffers;
using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>Finds added tokens in a text: the first that begins, and the longest that begins there.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Dictionary<(int Node, char Unit), int> edges = [];
    private readonly List<AddedToken?> nodes = [null];
    private readonly SearchValues<char> firsts;

    /// <summary>Builds the tree of all tokens.</summary>
    /// <param name="tokens">The tokens, and how each is written where it is looked for.</param>
    public AddedTokenFinder(IEnumerable<(AddedToken Token, string Written)> tokens)
    {
        foreach ((AddedToken token, string written) in tokens)
        {
            int node = 0;
            foreach (char unit in written)
            {
                if (!edges.TryGetValue((node, unit), out int child))
                {
                    child = nodes.Count;
                    nodes.Add(null);
                    edges.Add((node, unit), child);
                }

                node = child;
            }

            nodes[node] = node == 0 ? null : token;
        }

        firsts = SearchValues.Create([.. edges.Keys.Where(edge => edge.Node == 0).Select(edge => edge.Unit)]);
    }

    /// <summary>Cuts a text into added tokens and what lies between them, in order; no part is empty.</summary>
    public void Split(AlignedText text, Action<AlignedText> between, Action<AddedToken, AlignedText> found)
    {
        int done = 0;
        int position = 0;
        while (text.Span[position..].IndexOfAny(firsts) is int skipped and >= 0)
        {
            position += skipped;
            if (Longest(text.Span[position..]) is not var (token, length) || !Counts(token, text.Span, position, position + length))
            {
                position++;
                continue;
            }

            int start = token.StripLeft ? Math.Max(done, text.Span[..position].TrimEnd().Length) : position;
            int end = position + length;
            end += token.StripRight ? text.Length - end - text.Span[end..].TrimStart().Length : 0;
            if (start > done)
            {
                between(text.Slice(done, start - done));
            }

            found(token, text.Slice(start, end - start));
            done = end;
            position = end;
        }

        if (done < text.Length)
        {
            between(text.Slice(done, text.Length - done));
        }
    }

    private (AddedToken Token, int Length)? Longest(ReadOnlySpan<char> text)
    {
        (AddedToken, int)? longest = null;
        int node = 0;
        for (int i = 0; i < text.Length && edges.TryGetValue((node, text[i]), out node); i++)
        {
            longest = nodes[node] is { } token ? (token, i + 1) : longest;
        }

        return longest;
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
