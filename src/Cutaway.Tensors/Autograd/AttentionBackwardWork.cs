using System.Numerics;
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

    public readonly void Invoke(int index)
    {
        int sequence = index / Forward.KeyHeads;
        int keyHead = index % Forward.KeyHeads;
        int group = Forward.Heads / Forward.KeyHeads;
        Clear(DK, sequence, keyHead);
        Clear(DV, sequence, keyHead);
        for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
        {
            for (int first = 0; first < Forward.Length; first += AttentionWork<T>.QueryBlock)
            {
                int count = Math.Min(AttentionWork<T>.QueryBlock, Forward.Length - first);
                AttentionWork<T>.Block block = new(sequence, head, keyHead, first, count, Forward.Heads * Forward.DHead);
                nint square = ((((nint)sequence * Forward.Heads) + head) * Forward.Length + first) * Forward.Length;
                switch (Step)
                {
                    case AttentionStep.Everything:
                        Everything(block);
                        break;
                    case AttentionStep.Scores:
                        ScoresStep(block, square);
                        break;
                    case AttentionStep.Pattern:
                        Softmax(block.Count, Forward.Length, Forward.Square + square, Gradient + square, DSquare + square);
                        break;
                    default:
                        Values(block, 0, Forward.Length, Forward.Square + square, DSquare is null ? null : DSquare + square);
                        break;
                }
            }
        }
    }

    private readonly void Everything(in AttentionWork<T>.Block block)
    {
        int start = Math.Max(0, block.First - Forward.Window + 1);
        int keys = block.First + block.Count - start;
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
        bool scores = DQ is not null || DK is not null;
        Values(block, start, keys, pattern, scores ? gradient : null);
        if (scores)
        {
            Softmax(block.Count, keys, pattern, gradient, gradient);
            Scores(block, start, keys, gradient, capped ? gradient + size : null);
        }

        GC.KeepAlive(memory);
    }

    private readonly void ScoresStep(in AttentionWork<T>.Block block, nint square)
    {
        int keys = Forward.Length;
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
        MatrixView<T> dz = Forward.Rows(Gradient, block);
        if (dPattern is not null)
        {
            MatrixProduct.Multiply(null, dz, Forward.Shared(Forward.V, block, start, keys).Transpose(), new MatrixView<T>(dPattern, block.Count, keys, keys), T.One);
        }

        if (DV is not null)
        {
            MatrixProduct.Multiply(null, new MatrixView<T>(pattern, block.Count, keys, keys).Transpose(), dz, Forward.Shared(DV, block, start, keys), T.One, accumulate: true);
        }
    }

    // dQ = scale · dScores · K, dK += scale · dScoresᵀ · Q.
    private readonly void Scores(in AttentionWork<T>.Block block, int start, int keys, T* dScores, T* capped)
    {
        if (capped is not null)
        {
            int size = block.Count * keys;
            SoftCapBackward.Apply(new ReadOnlySpan<T>(capped, size), new ReadOnlySpan<T>(dScores, size), new Span<T>(dScores, size), Forward.SoftCap);
        }

        MatrixView<T> gradient = new(dScores, block.Count, keys, keys);
        if (DQ is not null)
        {
            MatrixProduct.Multiply(null, gradient, Forward.Shared(Forward.K, block, start, keys), Forward.Rows(DQ, block), Forward.Scale);
        }

        if (DK is not null)
        {
            MatrixProduct.Multiply(null, gradient.Transpose(), Forward.Rows(Forward.Q, block), Forward.Shared(DK, block, start, keys), Forward.Scale, accumulate: true);
        }
    }

    private readonly void Clear(T* gradient, int sequence, int keyHead)
    {
        for (int position = 0; gradient is not null && position < Forward.Length; position++)
        {
            new Span<T>(gradient + ((((nint)sequence * Forward.Length) + position) * Forward.KeyHeads + keyHead) * Forward.DHead, Forward.DHead).Clear();
        }
    }
}
