using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private enum AttentionStep
    {
        Everything,
        Scores,
        Pattern,
        Values,
    }

    private readonly struct NormWork(NormKind kind, T epsilon, T* x, T* normalized, T* scales, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            ReadOnlySpan<T> source = new(x + ((nint)index * width), width);
            Span<T> target = new(normalized + ((nint)index * width), width);
            scales[index] = kind == NormKind.Layer
                ? Normalization.Layer(source, target, epsilon)
                : Normalization.Rms(source, target, epsilon);
        }
    }

    /// <summary>Divides by a scale that a hook may have changed.</summary>
    private readonly struct RescaleWork(NormKind kind, T* x, T* normalized, T* scales, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            ReadOnlySpan<T> source = new(x + ((nint)index * width), width);
            T* target = normalized + ((nint)index * width);
            T mean = T.Zero;
            if (kind == NormKind.Layer)
            {
                foreach (T value in source)
                {
                    mean += value;
                }

                mean /= T.CreateTruncating(width);
            }

            for (int i = 0; i < width; i++)
            {
                target[i] = (source[i] - mean) / scales[index];
            }
        }
    }

    private readonly record struct RotateWork(nint X, int[] Positions, nint Cosines, nint Sines, int Pairs, bool Interleaved, int Heads, int DHead) : IParallelWork
    {
        public RotateWork(T* x, int[] positions, T* cosines, T* sines, int pairs, bool interleaved, int heads, int dHead)
            : this((nint)x, positions, (nint)cosines, (nint)sines, pairs, interleaved, heads, dHead)
        {
        }

        public void Invoke(int index)
        {
            int offset = Positions[index] * Pairs;
            ReadOnlySpan<T> cosines = new((T*)Cosines + offset, Pairs);
            ReadOnlySpan<T> sines = new((T*)Sines + offset, Pairs);
            for (int head = 0; head < Heads; head++)
            {
                Span<T> x = new((T*)X + (((nint)index * Heads) + head) * DHead, DHead);
                if (Interleaved)
                {
                    Rotary.Interleaved(x, cosines, sines);
                }
                else
                {
                    Rotary.HalfSplit(x, cosines, sines);
                }
            }
        }
    }

    /// <summary>Attention of one head of one sequence: a block of queries in one sweep, or one step for all queries.</summary>
    private struct AttentionWork : IParallelWork
    {
        /// <summary>Queries handled together, so that their scores stay in the cache.</summary>
        public const int QueryBlock = 32;

        public T* Q;
        public T* K;
        public T* V;
        public T* Z;
        public T* Square;
        public bool* Mask;
        public int Heads;
        public int KeyHeads;
        public int DHead;
        public int Length;
        public int Past;
        public int Capacity;
        public int Window;
        public T Scale;
        public T SoftCap;
        public AttentionStep Step;

        [ThreadStatic]
        private static NativeBuffer<T>? scratch;

        public readonly void Invoke(int index)
        {
            int total = Past + Length;
            if (Step != AttentionStep.Everything)
            {
                T* whole = Square + ((nint)index * Length * total);
                switch (Step)
                {
                    case AttentionStep.Scores:
                        Scores(index / Heads, index % Heads, 0, Length, total, whole, total);
                        break;
                    case AttentionStep.Pattern:
                        Pattern(Length, total, whole);
                        break;
                    default:
                        Values(index / Heads, index % Heads, 0, Length, total, whole);
                        break;
                }

                return;
            }

            int blocks = (Length + QueryBlock - 1) / QueryBlock;
            int block = index % blocks;
            int head = index / blocks % Heads;
            int sequence = index / blocks / Heads;
            int first = block * QueryBlock;
            int count = Math.Min(QueryBlock, Length - first);
            int keys = Past + first + count;
            if (scratch is null || scratch.Length < count * keys)
            {
                scratch = new NativeBuffer<T>(Math.Max(QueryBlock * 256, count * keys * 2));
            }

            NativeBuffer<T> memory = scratch;
            Scores(sequence, head, first, count, keys, memory.Pointer, keys);
            Pattern(count, keys, memory.Pointer);
            Values(sequence, head, first, count, keys, memory.Pointer);
            GC.KeepAlive(memory);
        }

        private readonly void Scores(int sequence, int head, int first, int count, int keys, T* scores, int stride)
        {
            int keyHead = head / (Heads / KeyHeads);
            MatrixProduct.Multiply(
                null,
                new MatrixView<T>(Q + (((((nint)sequence * Length) + first) * Heads) + head) * DHead, count, DHead, Heads * DHead),
                new MatrixView<T>(K + ((((nint)sequence * Capacity) * KeyHeads) + keyHead) * DHead, keys, DHead, KeyHeads * DHead).Transpose(),
                new MatrixView<T>(scores, count, keys, stride),
                Scale);
            if (SoftCap != T.Zero)
            {
                ForwardPass<T>.SoftCap(new Span<T>(scores, count * stride), SoftCap);
            }

            for (int i = 0; i < count; i++)
            {
                int query = Past + first + i;
                T* row = scores + ((nint)i * stride);
                int visible = Math.Min(query + 1, keys);
                new Span<T>(row + visible, keys - visible).Fill(T.NegativeInfinity);
                if (query >= Window)
                {
                    new Span<T>(row, Math.Min(query - Window + 1, keys)).Fill(T.NegativeInfinity);
                }

                if (Mask is not null)
                {
                    bool* seen = Mask + ((nint)sequence * (Past + Length));
                    for (int j = 0; j < visible; j++)
                    {
                        if (!seen[j])
                        {
                            row[j] = T.NegativeInfinity;
                        }
                    }
                }
            }
        }

        private static void Pattern(int count, int keys, T* scores)
        {
            for (int i = 0; i < count; i++)
            {
                Span<T> row = new(scores + ((nint)i * keys), keys);
                Softmax.Row<T>(row, row);
            }
        }

        private readonly void Values(int sequence, int head, int first, int count, int keys, T* pattern)
        {
            int keyHead = head / (Heads / KeyHeads);
            MatrixProduct.Multiply(
                null,
                new MatrixView<T>(pattern, count, keys, keys),
                new MatrixView<T>(V + ((((nint)sequence * Capacity) * KeyHeads) + keyHead) * DHead, keys, DHead, KeyHeads * DHead),
                new MatrixView<T>(Z + (((((nint)sequence * Length) + first) * Heads) + head) * DHead, count, DHead, Heads * DHead),
                T.One);
        }
    }
}
