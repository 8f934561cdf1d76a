using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Training;

/// <summary>
/// Learns byte-pair encoding over bytes (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1;
/// over bytes as Radford et al. 2019): the pair of neighbours that is most frequent becomes a token, again and again.
/// </summary>
public sealed class BpeTrainer
{
    // A pair seen once says nothing about other texts.
    private const long LeastCount = 2;

    private readonly SortedDictionary<string, long> words = new(StringComparer.Ordinal);
    private readonly string pattern;
    private readonly PreTokenizer cut;

    /// <summary>A trainer that has seen nothing.</summary>
    /// <param name="pattern">Regular expression whose matches are the words that texts are cut into; tokens never reach over their ends.</param>
    /// <exception cref="CutawayException">The expression is not valid.</exception>
    public BpeTrainer(string pattern)
    {
        this.pattern = pattern;
        cut = PreTokenizers.Sequence([PreTokenizers.Split(TextPatterns.Regex(pattern, "the tokenizer to be trained"), SplitBehavior.Isolated), PreTokenizers.Bytes]);
    }

    /// <summary>Counts the words of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="times">How often it is taken to occur.</param>
    public void Add(string text, long times = 1) => cut(new AlignedText(text), word =>
    {
        string letters = word.Span.ToString();
        words[letters] = words.GetValueOrDefault(letters) + times;
    });

    /// <summary>Learns merges until there are enough tokens, or no pair occurs twice. Of equally frequent pairs the one of the earlier tokens is taken.</summary>
    /// <param name="special">Tokens outside of all texts, which get the first ids; the first of them begins every text.</param>
    /// <param name="most">Tokens at the most, the special ones and the 256 bytes included.</param>
    public LearntBpe Learn(IReadOnlyList<string> special, int most)
    {
        List<string> tokens = [.. special, .. ByteLevel.Alphabet.Order().Select(letter => letter.ToString())];
        Dictionary<string, int> ids = tokens.Index().ToDictionary(token => token.Item, token => token.Index, StringComparer.Ordinal);
        List<(string, string)> merges = [];
        PairCounts pairs = new(words.Select(word => (word.Key.Select(letter => ids[letter.ToString()]).ToList(), word.Value)));
        while (tokens.Count < most && pairs.Best() is var (left, right, count) && count >= LeastCount)
        {
            string joined = tokens[left] + tokens[right];
            if (ids.TryAdd(joined, tokens.Count))
            {
                tokens.Add(joined);
            }

            merges.Add((tokens[left], tokens[right]));
            pairs.Merge(left, right, ids[joined]);
        }

        return new LearntBpe(pattern, special, tokens, merges);
    }
}
