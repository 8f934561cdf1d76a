using System.Runtime.CompilerServices;

namespace Cutaway.Tensors.Parallel;

/// <summary>Threads that share out independent items. Results never depend on how many threads there are.</summary>
/// <remarks>
/// The calling thread works too; the others start at the first parallel call, sleep when idle, and end when the pool is no
/// longer referenced. A call from inside an item, or while another thread is using the pool, runs on its caller alone.
/// </remarks>
public sealed unsafe class WorkerPool
{
    [ThreadStatic]
    private static bool insideItem;

    private readonly WorkerCrew? crew;

    /// <summary>A pool of the given number of threads, the caller counted.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        crew = threads > 1 ? new WorkerCrew(threads - 1) : null;
    }

    /// <summary>Lets the threads end.</summary>
    ~WorkerPool() => crew?.Stop();

    /// <summary>The pool used where none is given: one thread a processor, or <c>CUTAWAY_THREADS</c>.</summary>
    public static WorkerPool Default { get; } = new(
        int.TryParse(Environment.GetEnvironmentVariable("CUTAWAY_THREADS"), out int threads) && threads > 0 ? threads : Environment.ProcessorCount);

    /// <summary>How many threads work, the caller counted.</summary>
    public int Threads { get; }

    /// <summary>Does items 0 to <paramref name="count"/> - 1 and returns when all are done.</summary>
    /// <param name="count">How many items.</param>
    /// <param name="work">The work, shared by all threads.</param>
    /// <exception cref="Exception">The first exception that an item threw; items not yet begun by then are skipped.</exception>
    public void For<TWork>(int count, ref TWork work)
        where TWork : struct, IParallelWork
    {
        if (crew is null || count <= 1 || insideItem || !crew.TryReserve())
        {
            for (int i = 0; i < count; i++)
            {
                work.Invoke(i);
            }

            return;
        }

        // A copy on this stack cannot be moved by the collector, so other threads may hold its plain address meanwhile.
        TWork shared = work;
        crew.Run(count, &Drain<TWork>, Unsafe.AsPointer(ref shared));
        work = shared;
        GC.KeepAlive(this);
    }

    private static void Drain<TWork>(WorkerCrew crew, void* address)
        where TWork : struct, IParallelWork
    {
        ref TWork work = ref Unsafe.AsRef<TWork>(address);
        insideItem = true;
        try
        {
            while (crew.TryTake(out int index))
            {
                work.Invoke(index);
            }
        }
        catch (Exception fault) when (crew.Report(fault))
        {
            // Kept by the crew, which rethrows it on the caller: an exception must not leave a worker thread.
        }
        finally
        {
            insideItem = false;
        }
    }
}
