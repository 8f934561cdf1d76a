using System.Runtime.CompilerServices;
using Cutaway.Models.Formats;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// The merges of byte-pair encoding in the order in which they were learnt (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1).
/// </summary>
/// <param name="vocabulary">The tokens that the merges name.</param>
/// <param name="capacity">How many merges there will be.</param>
/// <param name="prefix">How many characters at the start of a second token are dropped when it is joined to a first.</param>
/// <param name="source">The file, for messages.</param>
internal sealed class MergeTable(Vocabulary vocabulary, int capacity, int prefix, string source) : IMergeRules
{
    private readonly KeyTable ranks = new(capacity);
    private readonly int[] results = new int[capacity];
    private int count;

    /// <summary>Appends a merge.</summary>
    /// <exception cref="CutawayException">It names a token that is not there.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        ReadOnlySpan<char> rest = right[Math.Min(prefix, right.Length)..];
        Span<char> joined = left.Length + rest.Length <= 256 ? stackalloc char[left.Length + rest.Length] : new char[left.Length + rest.Length];
        left.CopyTo(joined);
        rest.CopyTo(joined[left.Length..]);
        if (!vocabulary.TryFind(left, out int first) || !vocabulary.TryFind(right, out int second) || !vocabulary.TryFind(joined, out int merged))
        {
            throw CutawayException.Model(
                $"{source}: merge {count} joins {Quote.Name(left.ToString())} and {Quote.Name(right.ToString())}, but the vocabulary lacks one of them or {Quote.Name(joined.ToString())}");
        }

        // The last of two equal merges counts, as in the reference.
        ranks.Set(first, second, count);
        results[count++] = merged;
    }

    /// <inheritdoc/>
    public bool TryFind(int left, int right, ReadOnlySpan<char> joined, out int rank, out int merged)
    {
        rank = ranks.Find(left, right);
        merged = rank < 0 ? 0 : results[rank];
        return rank >= 0;
    }
}
