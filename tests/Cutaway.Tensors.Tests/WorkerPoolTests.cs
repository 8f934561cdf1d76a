using System.Runtime.CompilerServices;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Tests;

public sealed class WorkerPoolTests
{
    public static TheoryData<int> ThreadCounts => [1, 2, 3, 8];

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Every_item_is_done_once(int threads)
    {
        WorkerPool pool = new(threads);
        foreach (int count in new[] { 0, 1, 2, 3, 7, 100, 1000 })
        {
            Count work = new(new int[count]);
            pool.For(count, ref work);
            Assert.All(work.Done, times => Assert.Equal(1, times));
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Every_row_is_done_once_whatever_its_size(int threads)
    {
        WorkerPool pool = new(threads);
        foreach (int count in new[] { 1, 3, 100, 3073 })
        {
            foreach (int size in new[] { 1, 16, 128, 10_000 })
            {
                Count work = new(new int[count]);
                pool.ForRows(count, (long)count * size, ref work);
                Assert.All(work.Done, times => Assert.Equal(1, times));
            }
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Many_small_jobs_follow_each_other(int threads)
    {
        WorkerPool pool = new(threads);
        Count work = new(new int[5]);
        for (int job = 1; job <= 3000; job++)
        {
            pool.For(5, ref work);
            Assert.All(work.Done, times => Assert.Equal(job, times));
        }
    }

    [Fact]
    public void Sleeping_threads_wake()
    {
        WorkerPool pool = new(3);
        for (int job = 0; job < 10; job++)
        {
            Meet work = new(new Barrier(3));
            pool.For(3, ref work);
            Thread.Sleep(5);
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void An_exception_reaches_the_caller_and_the_pool_lives_on(int threads)
    {
        WorkerPool pool = new(threads);
        for (int attempt = 0; attempt < 50; attempt++)
        {
            Fail failing = new(attempt % 20);
            InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => pool.For(20, ref failing));
            Assert.Equal("item " + (attempt % 20), thrown.Message);

            Count work = new(new int[20]);
            pool.For(20, ref work);
            Assert.All(work.Done, times => Assert.Equal(1, times));
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Nested_calls_run_on_their_own_thread(int threads)
    {
        WorkerPool pool = new(threads);
        Nest work = new(pool, new WorkerPool(2), new int[40], new int[40]);
        pool.For(40, ref work);
        Assert.All(work.Done, times => Assert.Equal(6, times));
        if (threads > 1)
        {
            Assert.All(work.Strays, strays => Assert.Equal(0, strays));
        }
    }

    [Fact]
    public void Callers_on_several_threads_share_one_pool()
    {
        WorkerPool pool = new(3);
        Thread[] callers = new Thread[4];
        int[][] done = new int[callers.Length][];
        for (int i = 0; i < callers.Length; i++)
        {
            Count work = new(done[i] = new int[50]);
            callers[i] = new Thread(() =>
            {
                for (int job = 0; job < 300; job++)
                {
                    pool.For(50, ref work);
                }
            });
        }

        Array.ForEach(callers, thread => thread.Start());
        Array.ForEach(callers, thread => thread.Join());
        Assert.All(done, counts => Assert.All(counts, times => Assert.Equal(300, times)));
    }

    [Fact]
    public void A_dispatch_allocates_nothing()
    {
        WorkerPool pool = new(2);
        Count work = new(new int[4]);
        pool.For(4, ref work);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int job = 0; job < 100; job++)
        {
            pool.For(4, ref work);
        }

        // Monitors may be inflated once when threads first sleep; nothing per call.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 99);
    }

    [Fact]
    public void Threads_of_unused_pools_end()
    {
        WeakReference<Thread>[] threads = UseAndDrop(20);
        for (int wait = 0; wait < 200 && threads.Any(IsAlive); wait++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(10);
        }

        Assert.DoesNotContain(threads, IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<Thread>[] UseAndDrop(int pools)
    {
        WeakReference<Thread>[] threads = new WeakReference<Thread>[pools];
        for (int i = 0; i < pools; i++)
        {
            Meet work = new(new Barrier(2));
            new WorkerPool(2).For(2, ref work);
            threads[i] = new WeakReference<Thread>(work.Seen.Single(thread => thread != Thread.CurrentThread));
        }

        return threads;
    }

    private static bool IsAlive(WeakReference<Thread> reference) => reference.TryGetTarget(out Thread? thread) && thread.IsAlive;

    private readonly struct Count(int[] done) : IParallelWork
    {
        public int[] Done => done;

        public void Invoke(int index) => Interlocked.Increment(ref done[index]);
    }

    private readonly struct Fail(int item) : IParallelWork
    {
        public void Invoke(int index)
        {
            if (index == item)
            {
                throw new InvalidOperationException("item " + index);
            }
        }
    }

    /// <summary>Each item waits until as many threads as the barrier counts are inside.</summary>
    private readonly struct Meet(Barrier barrier) : IParallelWork
    {
        private readonly Thread[] seen = new Thread[barrier.ParticipantCount];

        public IEnumerable<Thread> Seen => seen;

        public void Invoke(int index)
        {
            seen[index] = Thread.CurrentThread;
            Assert.True(barrier.SignalAndWait(TimeSpan.FromSeconds(30)), "a thread did not wake");
        }
    }

    private readonly struct Nest(WorkerPool same, WorkerPool other, int[] done, int[] strays) : IParallelWork
    {
        public int[] Done => done;

        public int[] Strays => strays;

        public void Invoke(int index)
        {
            Inner inner = new(Environment.CurrentManagedThreadId, done, strays, index);
            same.For(3, ref inner);
            other.For(3, ref inner);
        }
    }

    private readonly struct Inner(int thread, int[] done, int[] strays, int item) : IParallelWork
    {
        public void Invoke(int index)
        {
            Interlocked.Increment(ref done[item]);
            if (Environment.CurrentManagedThreadId != thread)
            {
                Interlocked.Increment(ref strays[item]);
            }
        }
    }
}
