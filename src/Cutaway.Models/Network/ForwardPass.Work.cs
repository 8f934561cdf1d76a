using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly struct AddWork(T* x, T* before, T* after, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            nint at = (nint)index * width;
            TensorPrimitives.Add(new ReadOnlySpan<T>(before + at, width), new ReadOnlySpan<T>(x + at, width), new Span<T>(after + at, width));
        }
    }

    /// <summary>Rotates the queries and keys of one position.</summary>
    private struct RotateWork : IParallelWork
    {
        public T* Queries;
        public T* Keys;
        public int[] Positions;
        public T* Cosines;
        public T* Sines;
        public int First;
        public int Pairs;
        public bool Interleaved;
        public int Heads;
        public int KeyHeads;
        public int DHead;

        public readonly void Invoke(int index)
        {
            Rotate(Queries + ((nint)index * Heads * DHead), Heads, Positions[index]);
            Rotate(Keys + ((nint)index * KeyHeads * DHead), KeyHeads, Positions[index]);
        }

        private readonly void Rotate(T* vectors, int heads, int position)
        {
            ReadOnlySpan<T> cosines = new(Cosines + ((nint)position * Pairs), Pairs);
            ReadOnlySpan<T> sines = new(Sines + ((nint)position * Pairs), Pairs);
            for (int head = 0; head < heads; head++)
            {
                Span<T> x = new(vectors + (head * DHead) + First, DHead - First);
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
}
