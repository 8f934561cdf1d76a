using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>
/// Sums down the columns of a matrix: gradients of biases and of the weights of norms. Rows are added in order; threads share out columns.
/// </summary>
public static unsafe class ColumnSums
{
    // Enough for a run of whole cache lines in each row.
    private const int ItemWidth = 128;

    /// <summary>sums[j] += Σ rows[i, j].</summary>
    /// <param name="pool">Threads to share the columns; null computes on the caller alone.</param>
    /// <param name="rows">[m, n] with unit column stride.</param>
    /// <param name="sums">[n].</param>
    public static void Add<T>(WorkerPool? pool, MatrixView<T> rows, T* sums)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Run(pool, new Work<T>(rows, rows, sums, weighted: false));

    /// <summary>sums[j] += Σ a[i, j] · b[i, j].</summary>
    /// <param name="pool">Threads to share the columns; null computes on the caller alone.</param>
    /// <param name="a">[m, n] with unit column stride.</param>
    /// <param name="b">[m, n] with unit column stride.</param>
    /// <param name="sums">[n].</param>
    public static void AddProducts<T>(WorkerPool? pool, MatrixView<T> a, MatrixView<T> b, T* sums)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Run(pool, new Work<T>(a, b, sums, weighted: true));

    private static void Run<T>(WorkerPool? pool, Work<T> work)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => ColumnItems.For(pool, work.Rows, work.Columns, ItemWidth, ref work);

    private readonly struct Work<T>(MatrixView<T> a, MatrixView<T> b, T* sums, bool weighted) : IParallelWork
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Rows => a.Rows;

        public int Columns => a.Columns;

        public void Invoke(int index)
        {
            int first = index * ItemWidth;
            int count = Math.Min(ItemWidth, a.Columns - first);
            Span<T> target = new(sums + first, count);
            for (int i = 0; i < a.Rows; i++)
            {
                ReadOnlySpan<T> row = new(a.Pointer + (i * a.RowStride) + first, count);
                if (weighted)
                {
                    TensorPrimitives.FusedMultiplyAdd(row, new ReadOnlySpan<T>(b.Pointer + (i * b.RowStride) + first, count), target, target);
                }
                else
                {
                    TensorPrimitives.Add(target, row, target);
                }
            }
        }
    }
}
