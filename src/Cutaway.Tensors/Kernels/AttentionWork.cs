using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels.Products;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels;

/// <summary>Which part of attention to do.</summary>
internal enum AttentionStep
{
    Everything,
    Scores,
    Pattern,
    Values,
}

/// <summary>
/// Attention of a block of queries that read the same keys: all steps in one sweep while the scores are in the cache,
/// or one step where a hook looks on. A block is a run of positions of one head; for a single position, as in
/// generation, it is all heads that share a key head.
/// </summary>
internal unsafe struct AttentionWork<T> : IParallelWork
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    internal const int QueryBlock = 64;

    public T* Q;
    public T* K;
    public T* V;
    public T* Z;

    /// <summary>[batch, head, query, key], where a hook looks on.</summary>
    public T* Square;
    public bool* Mask;

    /// <summary>What is added to scores, [head, key - query + BiasSpan - 1], or null.</summary>
    public T* Bias;
    public int BiasSpan;

    /// <summary>A score of each head that takes weight from its rows and has no value, [head], or null.</summary>
    public T* Sinks;
    public int Heads;
    public int KeyHeads;
    public int DHead;

    /// <summary>Width of a head's values and of what it mixes.</summary>
    public int DValue;
    public int Length;

    /// <summary>Keys before the first query; negative where there are fewer keys than queries.</summary>
    public int Past;

    /// <summary>Keys from one sequence to the next; 0 where all read the same.</summary>
    public int Capacity;

    /// <summary>The position of the first key that is held; none before it is seen by any query.</summary>
    public int FirstKey;
    public int Window;

    /// <summary>Whether queries see keys after themselves too, as in encoders.</summary>
    public bool BothWays;
    public T Scale;
    public T SoftCap;
    public AttentionStep Step;

    /// <summary>How many keys a sequence has.</summary>
    public readonly int Keys => Past + Length;

    /// <summary>How many blocks a sequence has.</summary>
    public readonly int ItemsPerSequence => Length == 1 ? KeyHeads : Heads * Blocks;

    /// <summary>Multiply-adds of a sequence in this step.</summary>
    public readonly long MultiplyAdds
    {
        get
        {
            long pairs = 0;
            int size = Length == 1 ? 1 : QueryBlock;
            for (int first = 0; first < Length; first += size)
            {
                int count = Math.Min(size, Length - first);
                (int start, int end) = Seen(first, count);
                int keys = Step == AttentionStep.Everything ? end - start : Past + Length;
                pairs += (long)count * keys;
            }

            return pairs * Heads * Step switch
            {
                AttentionStep.Everything => DHead + DValue,
                AttentionStep.Scores => DHead,
                AttentionStep.Values => DValue,
                _ => 0,
            };
        }
    }

    private readonly int Blocks => (Length + QueryBlock - 1) / QueryBlock;

    public readonly void Invoke(int index)
    {
        int sequence = index / ItemsPerSequence;
        int item = index % ItemsPerSequence;
        int group = Heads / KeyHeads;
        int first = Length == 1 ? 0 : item % Blocks * QueryBlock;
        Block block = Length == 1
            ? new(sequence, item * group, item, 0, group, 1)
            : new(sequence, item / Blocks, item / Blocks / group, first, Math.Min(QueryBlock, Length - first), Heads);
        int total = Past + Length;
        if (Step == AttentionStep.Everything)
        {
            // Keys that no query of the block can see are left out.
            (int start, int end) = Seen(first, Length == 1 ? 1 : block.Count);
            NativeBuffer<T> memory = RowScratch<T>.Take((long)block.Count * (end - start));
            Scores(block, start, end - start, memory.Pointer, end - start);
            Pattern(block, start, end - start, memory.Pointer);
            Values(block, start, end - start, memory.Pointer, end - start);
            GC.KeepAlive(memory);
            return;
        }

        T* rows = Square + ((((nint)sequence * Heads) + block.Head) * Length + first) * total;
        switch (Step)
        {
            case AttentionStep.Scores:
                Scores(block, FirstKey, total - FirstKey, rows + FirstKey, total);
                HideScores(block, total, rows);
                break;
            case AttentionStep.Pattern:
                // A hook may have shown the query what was hidden, so no place is left out.
                for (int i = 0; i < block.Count; i++)
                {
                    Soften(block, i, new Span<T>(rows + ((nint)i * total), total));
                }

                break;
            default:
                Values(block, FirstKey, total - FirstKey, rows + FirstKey, total);
                break;
        }
    }

    internal readonly void Scores(in Block block, int start, int keys, T* scores, int stride)
    {
        MatrixProduct.Multiply(null, Rows(Q, block, DHead), Shared(K, block, DHead, start, keys).Transpose(), new MatrixView<T>(scores, block.Count, keys, stride), Scale);
        for (int i = 0; SoftCap != T.Zero && i < block.Count; i++)
        {
            Kernels.SoftCap.Apply(new Span<T>(scores + ((nint)i * stride), keys), SoftCap);
        }

        for (int i = 0; Bias is not null && i < block.Count; i++)
        {
            int query = Past + block.First + (Length == 1 ? 0 : i);
            T* bias = Bias + ((nint)HeadOf(block, i) * ((2 * BiasSpan) - 1)) + (start - query + BiasSpan - 1);
            Span<T> row = new(scores + ((nint)i * stride), keys);
            TensorPrimitives.Add(row, new ReadOnlySpan<T>(bias, keys), row);
        }
    }

    // The mix of values. Products sum in blocks from where they begin, so that one which begins amid a block, at the edge of
    // a window, is cut at the block's end: a query's result then has the same bits whatever else its pass computes.
    private readonly void Values(in Block block, int start, int keys, T* pattern, int stride)
    {
        int cut = start % InnerBlocks.Length == 0 ? keys : Math.Min(keys, InnerBlocks.Length - (start % InnerBlocks.Length));
        MatrixProduct.Multiply(null, new MatrixView<T>(pattern, block.Count, cut, stride), Shared(V, block, DValue, start, cut), Rows(Z, block, DValue), T.One);
        if (cut < keys)
        {
            MatrixView<T> rest = new(pattern + cut, block.Count, keys - cut, stride);
            MatrixProduct.Multiply(null, rest, Shared(V, block, DValue, start + cut, keys - cut), Rows(Z, block, DValue), T.One, accumulate: true);
        }
    }

    /// <summary>The softmax over the keys that each query sees; the rest becomes zero.</summary>
    internal readonly void Pattern(in Block block, int start, int keys, T* scores)
    {
        for (int i = 0; i < block.Count; i++)
        {
            Span<T> row = new(scores + ((nint)i * keys), keys);
            (int from, int to) = Seen(block, i);
            (from, to) = (from - start, to - start);
            Hide(block.Sequence, start + from, row[from..to]);
            row[..from].Clear();
            Soften(block, i, row[from..to]);
            row[to..].Clear();
        }
    }

    private readonly void Soften(in Block block, int i, Span<T> row)
    {
        if (Sinks is null)
        {
            Softmax.Row<T>(row, row);
        }
        else
        {
            Softmax.Row<T>(row, row, Sinks[HeadOf(block, i)]);
        }
    }

    // A single position is all heads that share a key head, one a row.
    private readonly int HeadOf(in Block block, int row) => Length == 1 ? block.Head + row : block.Head;

    /// <summary>Zeroes the gradient of scores that no query sees.</summary>
    internal readonly void ClearHidden(in Block block, int total, T* gradient)
    {
        for (int i = 0; i < block.Count; i++)
        {
            Span<T> row = new(gradient + ((nint)i * total), total);
            (int from, int to) = Seen(block, i);
            row[..from].Clear();
            row[to..].Clear();
            for (int key = from; Mask is not null && key < to; key++)
            {
                if (!Mask[((nint)block.Sequence * total) + key])
                {
                    row[key] = T.Zero;
                }
            }
        }
    }

    private readonly void HideScores(in Block block, int total, T* scores)
    {
        for (int i = 0; i < block.Count; i++)
        {
            Span<T> row = new(scores + ((nint)i * total), total);
            (int from, int to) = Seen(block, i);
            row[..from].Fill(T.NegativeInfinity);
            Hide(block.Sequence, from, row[from..to]);
            row[to..].Fill(T.NegativeInfinity);
        }
    }

    /// <summary>The keys that one or more of a run of queries may see.</summary>
    /// <param name="first">The first query's position in this pass.</param>
    /// <param name="count">How many queries.</param>
    internal readonly (int From, int To) Seen(int first, int count)
    {
        int last = Past + first + count - 1;
        return ((int)Math.Max(0, (long)Past + first - Window + 1), BothWays ? (int)Math.Min(Past + Length, (long)last + Window) : last + 1);
    }

    private readonly (int From, int To) Seen(in Block block, int row) => Seen(block.First + (Length == 1 ? 0 : row), 1);

    /// <summary>Puts minus infinity where a key is padding.</summary>
    private readonly void Hide(int sequence, int firstKey, Span<T> scores)
    {
        if (Mask is null)
        {
            return;
        }

        bool* real = Mask + ((nint)sequence * (Past + Length)) + firstKey;
        for (int i = 0; i < scores.Length; i++)
        {
            if (!real[i])
            {
                scores[i] = T.NegativeInfinity;
            }
        }
    }

    /// <summary>The rows of queries or of their results.</summary>
    internal readonly MatrixView<T> Rows(T* x, in Block block, int width) =>
        new(x + ((((nint)block.Sequence * Length) + block.First) * Heads + block.Head) * width, block.Count, width, block.Stride * width);

    /// <summary>A run of the keys or values that the block reads.</summary>
    internal readonly MatrixView<T> Shared(T* x, in Block block, int width, int start, int count) =>
        new(x + ((((nint)block.Sequence * Capacity) + start - FirstKey) * KeyHeads + block.KeyHead) * width, count, width, KeyHeads * width);

    /// <summary>Queries that read the same keys.</summary>
    /// <param name="Sequence">Of the batch.</param>
    /// <param name="Head">The first query's head.</param>
    /// <param name="KeyHead">The head of their keys and values.</param>
    /// <param name="First">The first query's position in this pass.</param>
    /// <param name="Count">How many queries.</param>
    /// <param name="Stride">Heads from one query to the next.</param>
    internal readonly record struct Block(int Sequence, int Head, int KeyHead, int First, int Count, int Stride);
}
