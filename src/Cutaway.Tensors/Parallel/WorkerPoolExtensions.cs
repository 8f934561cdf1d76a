namespace Cutaway.Tensors.Parallel;

internal static class WorkerPoolExtensions
{
    // Below this many values waking another thread costs more than it saves.
    private const int SerialBelow = 16384;

    // Values that one item should touch at least: taking an item costs as much as a few hundred.
    private const int LeastRun = 4096;

    /// <summary>Does the items on the pool, small ones several at a time, or on the caller alone where there is little to do.</summary>
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
            // Two for each thread at least even out their speeds.
            int most = Math.Max(1, count / (2 * pool.Threads));
            int run = (int)Math.Clamp(LeastRun * (long)count / size, 1, most);
            Runs<TWork> runs = new(work, count, run);
            pool.For((count + run - 1) / run, ref runs);
            work = runs.Work;
        }
    }

    private struct Runs<TWork>(TWork work, int count, int run) : IParallelWork
        where TWork : struct, IParallelWork
    {
        public TWork Work = work;

        public void Invoke(int index)
        {
            int end = Math.Min(count, (index + 1) * run);
            for (int i = index * run; i < end; i++)
            {
                Work.Invoke(i);
            }
        }
    }
}
