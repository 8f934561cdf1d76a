using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>
/// The way back through the attention of all query heads of one sequence that share a key head, so that no two items write the
/// same gradient and every sum has one order.
/// </summary>
internal unsafe struct AttentionBackwardWork<T> : IParallelWork
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public AttentionWork<T> Forward;
    public AttentionStep Step;

    /// <summary>The gradient of what the step made.</summary>
    public T* Gradient;
    public T* DQ;
    public T* DK;
    public T* DV;

    /// <summary>The gradient of the scores or the pattern that the step read.</summary>
    public T* DSquare;

    /// <summary>The gradient of the sinks by sequence, [sequence, head], or null.</summary>
    public T* DSinks;

    /// <summary>The gradient of the biases on scores by sequence, [sequence, head, key - query + length - 1], or null.</summary>
    public T* DBias;

    public readonly void Invoke(int index)
    {
        int sequence = index / Forward.KeyHeads;
        int keyHead = index % Forward.KeyHeads;
        int group = Forward.Heads / Forward.KeyHeads;
        Clear(DK, sequence, keyHead, Forward.DHead);
        Clear(DV, sequence, keyHead, Forward.DValue);
        for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
        {
            if (DSinks is not null)
            {
                DSinks[(sequence * Forward.Heads) + head] = T.Zero;
            }

            if (DBias is not null)
            {
                new Span<T>(BiasOf(sequence, head), Distances).Clear();
            }

            for (int first = 0; first < Forward.Length; first += AttentionWork<T>.QueryBlock)
            {
                int count = Math.Min(AttentionWork<T>.QueryBlock, Forward.Length - first);
                AttentionWork<T>.Block block = new(sequence, head, keyHead, first, count, Forward.Heads);
                nint square = ((((nint)sequence * Forward.Heads) + head) * Forward.Length + first) * Forward.Keys;
                switch (Step)
                {
                    case AttentionStep.Everything:
                        Everything(block);
                        break;
                    case AttentionStep.Scores:
                        ScoresStep(block, square);
                        break;
                    case AttentionStep.Pattern:
                        Sinks(block, Forward.Keys, Forward.Square + square, Gradient + square);
                        if (DSquare is not null)
                        {
                            Softmax(block.Count, Forward.Keys, Forward.Square + square, Gradient + square, DSquare + square);
                        }

                        break;
                    default:
                        Values(block, 0, Forward.Keys, Forward.Square + square, DSquare is null ? null : DSquare + square);
                        break;
                }
            }
        }
    }

    private readonly void Everything(in AttentionWork<T>.Block block)
    {
        (int start, int end) = Forward.Seen(block.First, block.Count);
        int keys = end - start;
        int size = block.Count * keys;
        bool capped = Forward.SoftCap != T.Zero;
        NativeBuffer<T> memory = RowScratch<T>.Take((capped ? 3L : 2L) * size);
        T* pattern = memory.Pointer;
        T* gradient = pattern + size;
        Forward.Scores(block, start, keys, pattern, keys);
        if (capped)
        {
            new ReadOnlySpan<T>(pattern, size).CopyTo(new Span<T>(gradient + size, size));
        }

        Forward.Pattern(block, start, keys, pattern);
        bool scores = DQ is not null || DK is not null || DBias is not null;
        Values(block, start, keys, pattern, scores || DSinks is not null ? gradient : null);
        Sinks(block, keys, pattern, gradient);
        if (scores)
        {
            Softmax(block.Count, keys, pattern, gradient, gradient);
            Scores(block, start, keys, gradient, capped ? gradient + size : null);
        }

        GC.KeepAlive(memory);
    }

    private readonly void ScoresStep(in AttentionWork<T>.Block block, nint square)
    {
        int keys = Forward.Keys;
        int size = block.Count * keys;
        NativeBuffer<T> memory = RowScratch<T>.Take(2L * size);
        T* gradient = memory.Pointer;
        T* capped = null;
        if (Forward.SoftCap != T.Zero)
        {
            // The hook saw minus infinity where a key is hidden, so the scores are computed again.
            capped = gradient + size;
            Forward.Scores(block, 0, keys, capped, keys);
        }

        new ReadOnlySpan<T>(Gradient + square, size).CopyTo(new Span<T>(gradient, size));
        Forward.ClearHidden(block, keys, gradient);
        Scores(block, 0, keys, gradient, capped);
        GC.KeepAlive(memory);
    }

    // A sink's weight is what a row lacks to one, and its value is nothing: dSink = -(1 - Σ pattern) · Σ pattern · dPattern.
    private readonly void Sinks(in AttentionWork<T>.Block block, int keys, T* pattern, T* dPattern)
    {
        for (int i = 0; DSinks is not null && i < block.Count; i++)
        {
            ReadOnlySpan<T> row = new(pattern + ((nint)i * keys), keys);
            T mean = TensorPrimitives.Dot(row, new ReadOnlySpan<T>(dPattern + ((nint)i * keys), keys));
            DSinks[(block.Sequence * Forward.Heads) + block.Head] -= (T.One - TensorPrimitives.Sum(row)) * mean;
        }
    }

    private static void Softmax(int count, int keys, T* pattern, T* dPattern, T* dScores)
    {
        for (int i = 0; i < count; i++)
        {
            nint at = (nint)i * keys;
            SoftmaxBackward.Row(new ReadOnlySpan<T>(pattern + at, keys), new ReadOnlySpan<T>(dPattern + at, keys), new Span<T>(dScores + at, keys));
        }
    }

    // dPattern = dZ · Vᵀ, dV += patternᵀ · dZ.
    private readonly void Values(in AttentionWork<T>.Block block, int start, int keys, T* pattern, T* dPattern)
    {
        MatrixView<T> dz = Forward.Rows(Gradient, block, Forward.DValue);
        if (dPattern is not null)
        {
            MatrixProduct.Multiply(null, dz, Forward.Shared(Forward.V, block, Forward.DValue, start, keys).Transpose(), new MatrixView<T>(dPattern, block.Count, keys, keys), T.One);
        }

        if (DV is not null)
        {
            MatrixProduct.Multiply(null, new MatrixView<T>(pattern, block.Count, keys, keys).Transpose(), dz, Forward.Shared(DV, block, Forward.DValue, start, keys), T.One, accumulate: true);
        }
    }

    private readonly int Distances => (2 * Forward.Length) - 1;

    private readonly T* BiasOf(int sequence, int head) => DBias + ((((nint)sequence * Forward.Heads) + head) * Distances);

    // dBias += dScores by distance, dQ = scale · dScores · K, dK += scale · dScoresᵀ · Q.
    private readonly void Scores(in AttentionWork<T>.Block block, int start, int keys, T* dScores, T* capped)
    {
        for (int i = 0; DBias is not null && i < block.Count; i++)
        {
            Span<T> sum = new(BiasOf(block.Sequence, block.Head) + (start - (block.First + i) + Forward.Length - 1), keys);
            TensorPrimitives.Add(sum, new ReadOnlySpan<T>(dScores + ((nint)i * keys), keys), sum);
        }

        if (capped is not null)
        {
            int size = block.Count * keys;
            SoftCapBackward.Apply(new ReadOnlySpan<T>(capped, size), new ReadOnlySpan<T>(dScores, size), new Span<T>(dScores, size), Forward.SoftCap);
        }

        MatrixView<T> gradient = new(dScores, block.Count, keys, keys);
        if (DQ is not null)
        {
            MatrixProduct.Multiply(null, gradient, Forward.Shared(Forward.K, block, Forward.DHead, start, keys), Forward.Rows(DQ, block, Forward.DHead), Forward.Scale);
        }

        if (DK is not null)
        {
            MatrixProduct.Multiply(null, gradient.Transpose(), Forward.Rows(Forward.Q, block, Forward.DHead), Forward.Shared(DK, block, Forward.DHead, start, keys), Forward.Scale, accumulate: true);
        }
    }

    private readonly void Clear(T* gradient, int sequence, int keyHead, int width)
    {
        for (int position = 0; gradient is not null && position < Forward.Keys; position++)
        {
            new Span<T>(gradient + ((((nint)sequence * Forward.Keys) + position) * Forward.KeyHeads + keyHead) * width, width).Clear();
        }
    }
}
