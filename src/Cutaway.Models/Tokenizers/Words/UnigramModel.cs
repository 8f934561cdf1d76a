using System.Buffers;
using System.Text;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// The unigram language model (Kudo 2018, "Subword Regularization", section 3.2): of all ways to cut a word into tokens the one whose scores, logarithms of probabilities, add
/// up to the most, found by Viterbi's algorithm along the word. A character that no token covers costs 10 more than the worst token.
/// </summary>
internal sealed class UnigramModel : ITokenModel
{
    private const double UnknownPenalty = 10;

    private readonly double[] scores;
    private readonly double unknownScore;
    private readonly TokenTrie trie = new();
    private readonly string source;

    /// <summary>Takes the tokens and their scores.</summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="scores">The score of each id from 0; ids beyond, and those with NaN, are never found in a text.</param>
    /// <param name="source">The file, for messages.</param>
    public UnigramModel(Vocabulary vocabulary, double[] scores, string source)
    {
        this.scores = scores;
        this.source = source;
        double least = double.PositiveInfinity;
        for (int id = 0; id < scores.Length; id++)
        {
            if (vocabulary[id] is { Length: > 0 } token && !double.IsNaN(scores[id]))
            {
                trie.Add(token, id);
                least = Math.Min(least, scores[id]);
            }
        }

        unknownScore = (double.IsFinite(least) ? least : 0) - UnknownPenalty;
    }

    /// <summary>The token for characters that no token covers, or null if they cannot be written.</summary>
    public int? Unknown { get; init; }

    /// <summary>The tokens of the 256 bytes, which unknown characters are written by; null if there are none.</summary>
    public int[]? Bytes { get; init; }

    /// <inheritdoc/>
    public void Encode(AlignedText word, List<Token> tokens)
    {
        ReadOnlySpan<char> span = word.Span;
        int[] ids = ArrayPool<int>.Shared.Rent(span.Length + 1);
        int[] starts = ArrayPool<int>.Shared.Rent(span.Length + 1);
        Search(span, ids, starts);
        int first = tokens.Count;
        for (int end = span.Length; end > 0;)
        {
            int start = starts[end];
            int id = ids[end];

            // Unknown characters in a row are one token.
            while (id == TokenTrie.None && start > 0 && ids[start] == TokenTrie.None)
            {
                start = starts[start];
            }

            Append(word, start, end, id, tokens);
            end = start;
        }

        tokens.Reverse(first, tokens.Count - first);
        ArrayPool<int>.Shared.Return(ids);
        ArrayPool<int>.Shared.Return(starts);
    }

    /// <summary>For each end of a character: the last token of the best way to there (<see cref="TokenTrie.None"/> for an unknown character), and where it starts.</summary>
    private void Search(ReadOnlySpan<char> word, int[] ids, int[] starts)
    {
        double[] best = ArrayPool<double>.Shared.Rent(word.Length + 1);
        best.AsSpan(0, word.Length + 1).Fill(double.NegativeInfinity);
        best[0] = 0;
        for (int start = 0; start < word.Length;)
        {
            int character = char.IsHighSurrogate(word[start]) ? 2 : 1;
            bool covered = false;
            int node = TokenTrie.Root;
            for (int end = start + 1; end <= word.Length && (node = trie.Step(node, word[end - 1])) != TokenTrie.None; end++)
            {
                if (trie.Number(node) is >= 0 and int id)
                {
                    Offer(best, ids, starts, start, end, id, scores[id]);
                    covered |= end == start + character;
                }
            }

            if (!covered)
            {
                Offer(best, ids, starts, start, start + character, TokenTrie.None, unknownScore);
            }

            start += character;
        }

        ArrayPool<double>.Shared.Return(best);
    }

    /// <summary>Takes a way if it is better than the one found before; of equal ones the first stays.</summary>
    private static void Offer(double[] best, int[] ids, int[] starts, int start, int end, int id, double score)
    {
        double total = best[start] + score;
        if (total > best[end])
        {
            best[end] = total;
            ids[end] = id;
            starts[end] = start;
        }
    }

    /// <summary>Appends a token, or an unknown run, last byte first.</summary>
    private void Append(AlignedText word, int start, int end, int id, List<Token> tokens)
    {
        (int from, int to) = word.Origin(start, end);
        if (id != TokenTrie.None)
        {
            tokens.Add(new Token(id, from, to));
        }
        else if (Bytes is null)
        {
            tokens.Add(new Token(Unknown ?? throw CutawayException.Input(
                $"{Quote.Name(word.Span[start..end].ToString())} is not in the vocabulary of {source}, which has no token for what is unknown"), from, to));
        }
        else
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(word.Span[start..end].ToArray());
            for (int i = utf8.Length - 1; i >= 0; i--)
            {
                tokens.Add(new Token(Bytes[utf8[i]], from, to));
            }
        }
    }
}
