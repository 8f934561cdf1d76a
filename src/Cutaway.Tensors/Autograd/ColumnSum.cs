using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>Sums over rows, as the gradients of biases and norm weights are. Threads share the columns; each sums its rows in order.</summary>
internal static unsafe class ColumnSum
{
    private const int Chunk = 64;

    /// <summary>sum[j] += Σ over rows of x[i, j] · factor[i, j].</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="factor">[rows, width], or null for ones.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="width">How many columns.</param>
    /// <param name="sum">[width].</param>
    public static void Add<T>(WorkerPool pool, T* x, T* factor, int rows, int width, T* sum)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Work<T> work = new(x, factor, rows, width, sum);
        pool.ForRows((width + Chunk - 1) / Chunk, (long)rows * width, ref work);
    }

    private readonly struct Work<T>(T* x, T* factor, int rows, int width, T* sum) : IParallelWork
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Invoke(int index)
        {
            int start = index * Chunk;
            int count = Math.Min(Chunk, width - start);
            Span<T> total = new(sum + start, count);
            for (int row = 0; row < rows; row++)
            {
                nint at = ((nint)row * width) + start;
                ReadOnlySpan<T> values = new(x + at, count);
                if (factor is null)
                {
                    TensorPrimitives.Add(total, values, total);
                }
                else
                {
                    TensorPrimitives.MultiplyAdd(values, new ReadOnlySpan<T>(factor + at, count), total, total);
                }
            }
        }
    }
}
