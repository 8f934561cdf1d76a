using Cutaway.Models.Formats;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>The merges of byte-pair encoding in the order in which they were learnt (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1).</summary>
internal sealed class MergeTable : IMergeRules
{
    private readonly Dictionary<long, (int Rank, int Merged)> rules;

    private MergeTable(int count) => rules = new Dictionary<long, (int, int)>(count);

    /// <summary>Reads merges, each as two tokens.</summary>
    /// <param name="merges">The pairs in order.</param>
    /// <param name="vocabulary">The tokens that they name.</param>
    /// <param name="prefix">The characters at the start of the second token that are dropped when it is joined to the first.</param>
    /// <param name="source">The file, for messages.</param>
    /// <exception cref="CutawayException">A merge names a token that is not there.</exception>
    public static MergeTable Read(IReadOnlyList<(string Left, string Right)> merges, Vocabulary vocabulary, int prefix, string source)
    {
        MergeTable table = new(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            (string left, string right) = merges[rank];
            string joined = string.Concat(left, right.AsSpan(Math.Min(prefix, right.Length)));
            if (vocabulary.Find(left) is not { } first || vocabulary.Find(right) is not { } second || vocabulary.Find(joined) is not { } merged)
            {
                throw CutawayException.Model($"{source}: merge {rank} joins {Quote.Name(left)} and {Quote.Name(right)}, but the vocabulary lacks one of them or {Quote.Name(joined)}");
            }

            // The last of two equal merges counts, as in the reference.
            table.rules[Key(first, second)] = (rank, merged);
        }

        return table;
    }

    /// <inheritdoc/>
    public bool TryFind(int left, int right, ReadOnlySpan<char> joined, out int rank, out int merged)
    {
        bool found = rules.TryGetValue(Key(left, right), out (int Rank, int Merged) rule);
        (rank, merged) = rule;
        return found;
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}
