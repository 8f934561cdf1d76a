using System.Numerics;
using System.Runtime.CompilerServices;
using Cutaway.Models.Formats;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// The merges of byte-pair encoding in the order in which they were learnt (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1).
/// A hash table of its own, open and linearly probed: filling it is a good part of opening a tokenizer.
/// </summary>
/// <param name="vocabulary">The tokens that the merges name.</param>
/// <param name="capacity">How many merges there will be.</param>
/// <param name="prefix">How many characters at the start of a second token are dropped when it is joined to a first.</param>
/// <param name="source">The file, for messages.</param>
internal sealed class MergeTable(Vocabulary vocabulary, int capacity, int prefix, string source) : IMergeRules
{
    private const long Free = -1;

    private readonly long[] keys = FreeSlots(capacity);
    private readonly int[] ranks = new int[Slots(capacity)];
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
        long key = Key(first, second);
        int slot = Find(key);
        keys[slot] = key;
        ranks[slot] = count;
        results[count++] = merged;
    }

    /// <inheritdoc/>
    public bool TryFind(int left, int right, ReadOnlySpan<char> joined, out int rank, out int merged)
    {
        int slot = Find(Key(left, right));
        bool found = keys[slot] != Free;
        rank = found ? ranks[slot] : 0;
        merged = found ? results[rank] : 0;
        return found;
    }

    /// <summary>The slot of a pair, or the free one where it would be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Find(long key)
    {
        int slot = (int)((ulong)key * 0x9E3779B97F4A7C15 >> (64 - BitOperations.Log2((uint)keys.Length)));
        while (keys[slot] != Free && keys[slot] != key)
        {
            slot = (slot + 1) & (keys.Length - 1);
        }

        return slot;
    }

    private static int Slots(int capacity) => (int)BitOperations.RoundUpToPowerOf2((uint)(2 * capacity) + 2);

    private static long[] FreeSlots(int capacity)
    {
        long[] slots = new long[Slots(capacity)];
        Array.Fill(slots, Free);
        return slots;
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}
