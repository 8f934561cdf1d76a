namespace Cutaway.Tensors.Parallel;

internal static class WorkerPoolExtensions
{
    // Below this many values waking another thread costs more than it saves.
    private const int SerialBelow = 16384;

    /// <summary>Does the items on the pool, or on the caller alone where there is little to do.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="count">Items.</param>
    /// <param name="size">Values touched by all items together.</param>
    /// <param name="work">The work.</param>
    public static void ForRows<TWork>(this WorkerPool pool, int count, long size, ref TWork work)
        where TWork : struct, IParallelWork
    {
        if (size < SerialBelow)
        {
            for (int i = 0; i < count; i++)
            {
                work.Invoke(i);
            }
        }
        else
        {
            pool.For(count, ref work);
        }
    }
}
