namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// The symbols of one word while they merge: a linked list, and a heap of the pairs that can merge, ordered by rank and then by place.
/// A word of n symbols takes O(n log n) steps however it merges.
/// </summary>
internal sealed class SymbolChain(int capacity)
{
    private const int None = -1;

    private readonly int[] ids = new int[capacity];
    private readonly int[] starts = new int[capacity];
    private readonly int[] ends = new int[capacity];
    private readonly int[] next = new int[capacity];
    private readonly int[] previous = new int[capacity];
    private readonly List<long> heap = new(capacity);
    private int count;

    /// <summary>Appends a symbol and which units of the word it covers.</summary>
    public void Add(int id, int start, int end)
    {
        ids[count] = id;
        starts[count] = start;
        ends[count] = end;
        next[count] = None;
        previous[count] = count - 1;
        if (count > 0)
        {
            next[count - 1] = count;
        }

        count++;
    }

    /// <summary>Merges until no rule applies, and returns what is left.</summary>
    public Token[] Merge(ReadOnlySpan<char> word, IMergeRules rules)
    {
        for (int i = 0; i + 1 < count; i++)
        {
            Offer(i, word, rules);
        }

        int remaining = count;
        while (heap.Count > 0)
        {
            long top = Pop();
            int left = (int)(top & int.MaxValue);

            // An entry is stale if either symbol has merged meanwhile: the pair that is there now has another rank, or none.
            if (ids[left] == None || next[left] is not (>= 0 and int right) || !Rule(left, right, word, rules, out int rank, out int merged) || rank != (int)(top >> 32))
            {
                continue;
            }

            ids[left] = merged;
            ends[left] = ends[right];
            ids[right] = None;
            next[left] = next[right];
            if (next[left] != None)
            {
                previous[next[left]] = left;
            }

            remaining--;
            Offer(left, word, rules);
            if (previous[left] != None)
            {
                Offer(previous[left], word, rules);
            }
        }

        Token[] tokens = new Token[remaining];
        for (int i = 0, symbol = 0; i < remaining; i++, symbol = next[symbol])
        {
            tokens[i] = new Token(ids[symbol], starts[symbol], ends[symbol]);
        }

        return tokens;
    }

    private void Offer(int left, ReadOnlySpan<char> word, IMergeRules rules)
    {
        if (next[left] is >= 0 and int right && Rule(left, right, word, rules, out int rank, out _))
        {
            Push(((long)rank << 32) | (uint)left);
        }
    }

    private bool Rule(int left, int right, ReadOnlySpan<char> word, IMergeRules rules, out int rank, out int merged) =>
        rules.TryFind(ids[left], ids[right], word[starts[left]..ends[right]], out rank, out merged);

    private void Push(long entry)
    {
        int at = heap.Count;
        heap.Add(entry);
        while (at > 0 && heap[(at - 1) / 2] > entry)
        {
            heap[at] = heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        heap[at] = entry;
    }

    private long Pop()
    {
        long top = heap[0];
        long moved = heap[^1];
        heap.RemoveAt(heap.Count - 1);
        int at = 0;
        while (2 * at + 1 < heap.Count)
        {
            int child = 2 * at + 1;
            child += child + 1 < heap.Count && heap[child + 1] < heap[child] ? 1 : 0;
            if (heap[child] >= moved)
            {
                break;
            }

            heap[at] = heap[child];
            at = child;
        }

        if (heap.Count > 0)
        {
            heap[at] = moved;
        }

        return top;
    }
}
