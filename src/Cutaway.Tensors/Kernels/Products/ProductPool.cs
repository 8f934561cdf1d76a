using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Shares out the items of a product where that pays.</summary>
internal static class ProductPool
{
    // Below this many multiplications waking another thread costs more than it saves.
    private const long SerialBelow = 100_000;

    /// <summary>Does the items on the pool, or on the caller alone.</summary>
    public static void For<TWork>(WorkerPool? pool, int items, long multiplications, ref TWork work)
        where TWork : struct, IParallelWork
    {
        if (pool is null || multiplications < SerialBelow)
        {
            for (int i = 0; i < items; i++)
            {
                work.Invoke(i);
            }
        }
        else
        {
            pool.For(items, ref work);
        }
    }
}
