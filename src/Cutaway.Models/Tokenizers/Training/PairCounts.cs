namespace Cutaway.Models.Tokenizers.Training;

/// <summary>How often which tokens stand side by side in weighted words, kept up to date as pairs are merged.</summary>
internal sealed class PairCounts
{
    private readonly List<(List<int> Symbols, long Count)> words;
    private readonly Dictionary<(int Left, int Right), long> counts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> places = [];

    /// <summary>Counts the pairs of words.</summary>
    /// <param name="words">The tokens of each word, and how often it occurs.</param>
    public PairCounts(IEnumerable<(List<int> Symbols, long Count)> words)
    {
        this.words = [.. words];
        for (int word = 0; word < this.words.Count; word++)
        {
            Count(word, sign: 1);
        }
    }

    /// <summary>The most frequent pair, of several the first by ids, or null where there is none.</summary>
    public (int Left, int Right, long Count)? Best()
    {
        (int Left, int Right, long Count)? best = null;
        foreach (((int left, int right), long count) in counts)
        {
            if (best is not { } held || count > held.Count || (count == held.Count && (left, right).CompareTo((held.Left, held.Right)) < 0))
            {
                best = (left, right, count);
            }
        }

        return best;
    }

    /// <summary>Puts one token in the place of a pair, from left to right in each word.</summary>
    public void Merge(int left, int right, int merged)
    {
        foreach (int word in places[(left, right)].ToArray())
        {
            Count(word, sign: -1);
            List<int> symbols = words[word].Symbols;
            int kept = 0;
            for (int i = 0; i < symbols.Count; i++)
            {
                bool pair = symbols[i] == left && i + 1 < symbols.Count && symbols[i + 1] == right;
                symbols[kept++] = pair ? merged : symbols[i];
                i += pair ? 1 : 0;
            }

            symbols.RemoveRange(kept, symbols.Count - kept);
            Count(word, sign: 1);
        }
    }

    private void Count(int word, int sign)
    {
        (List<int> symbols, long count) = words[word];
        for (int i = 0; i + 1 < symbols.Count; i++)
        {
            (int, int) pair = (symbols[i], symbols[i + 1]);
            long now = counts.GetValueOrDefault(pair) + (sign * count);
            if (now == 0)
            {
                counts.Remove(pair);
                places.Remove(pair);
                continue;
            }

            counts[pair] = now;
            if (!places.TryGetValue(pair, out HashSet<int>? at))
            {
                places[pair] = at = [];
            }

            if (sign > 0)
            {
                at.Add(word);
            }
        }
    }
}
