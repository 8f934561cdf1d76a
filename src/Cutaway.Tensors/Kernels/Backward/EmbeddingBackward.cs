using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The backward pass of a table look-up.</summary>
public static unsafe class EmbeddingBackward
{
    private const int ItemWidth = 64;

    /// <summary>table[ids[i]] += rows[i], in the order of i; threads share out columns.</summary>
    /// <param name="pool">Threads to share the columns; null computes on the caller alone.</param>
    /// <param name="ids">[m], each a row of the table.</param>
    /// <param name="rows">[m, d] with unit column stride: gradients of the rows that were looked up.</param>
    /// <param name="table">[vocabulary, d] with unit column stride: the gradient of the table.</param>
    public static void Add<T>(WorkerPool? pool, ReadOnlySpan<int> ids, MatrixView<T> rows, MatrixView<T> table)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)table.Rows, nameof(ids));
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(ids.Length, rows.Rows, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Columns, table.Columns, nameof(rows));
        fixed (int* first = ids)
        {
            Work<T> work = new(first, rows, table);
            ColumnItems.For(pool, rows.Rows, table.Columns, ItemWidth, ref work);
        }
    }

    private readonly struct Work<T>(int* ids, MatrixView<T> rows, MatrixView<T> table) : IParallelWork
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Invoke(int index)
        {
            int first = index * ItemWidth;
            int count = Math.Min(ItemWidth, table.Columns - first);
            for (int i = 0; i < rows.Rows; i++)
            {
                Span<T> target = new(table.Pointer + (ids[i] * table.RowStride) + first, count);
                TensorPrimitives.Add(target, new ReadOnlySpan<T>(rows.Pointer + (i * rows.RowStride) + first, count), target);
            }
        }
    }
}
