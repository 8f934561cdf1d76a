using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>Shares out the columns of a matrix in runs.</summary>
internal static class ColumnItems
{
    /// <summary>Does item i, columns i · width and on, for all columns; on the caller alone where there is little to do.</summary>
    public static void For<TWork>(WorkerPool? pool, int rows, int columns, int width, ref TWork work)
        where TWork : struct, IParallelWork
    {
        int items = (columns + width - 1) / width;
        if (pool is not null)
        {
            pool.ForRows(items, (long)rows * columns, ref work);
            return;
        }

        for (int i = 0; i < items; i++)
        {
            work.Invoke(i);
        }
    }
}
