using System.Text;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// WordPiece (Schuster and Nakajima 2012, "Japanese and Korean Voice Search"; as BERT applies it, Devlin et al. 2019, appendix A.2): a word is cut from the left into the
/// longest tokens there are; all but the first are written with a prefix. A word that cannot be cut is one unknown token.
/// </summary>
/// <param name="vocabulary">The tokens.</param>
/// <param name="prefix">What tokens within a word are written with, such as "##".</param>
/// <param name="unknown">The token for what cannot be cut.</param>
/// <param name="longestWord">Code points of the longest word that is cut at all.</param>
internal sealed class WordPieceModel(Vocabulary vocabulary, string prefix, int unknown, int longestWord) : ITokenModel
{
    private readonly TokenTrie trie = vocabulary.ToTrie();

    /// <inheritdoc/>
    public void Encode(AlignedText word, List<Token> tokens)
    {
        ReadOnlySpan<char> span = word.Span;
        int before = tokens.Count;
        int inner = trie.Walk(prefix);
        bool cuts = span.Length <= longestWord || CodePoints(span) <= longestWord;
        for (int start = 0; cuts && start < span.Length;)
        {
            int node = start == 0 ? TokenTrie.Root : inner;
            int length = 0;
            int id = node == TokenTrie.None ? TokenTrie.None : trie.Longest(node, span[start..], out length);
            cuts = id != TokenTrie.None;
            if (cuts)
            {
                (int from, int to) = word.Origin(start, start + length);
                tokens.Add(new Token(id, from, to));
                start += length;
            }
        }

        if (!cuts)
        {
            tokens.RemoveRange(before, tokens.Count - before);
            (int from, int to) = word.Origin(0, span.Length);
            tokens.Add(new Token(unknown, from, to));
        }
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (Rune _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }
}
