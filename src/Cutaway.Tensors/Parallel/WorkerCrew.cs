using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Cutaway.Tensors.Parallel;

/// <summary>
/// The background threads of a <see cref="WorkerPool"/> and the job they share. Threads refer to the crew, never to the
/// pool, so that an unused pool can be collected and stop them.
/// </summary>
internal sealed unsafe class WorkerCrew
{
    private const int Open = 1 << 30;

    // Idle threads look for work this long before they sleep. It covers the serial stretches between the matrix products
    // of a layer; where cores are scarce (more threads than processors) spinning only takes time from those who work.
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;

    private readonly object bell = new();
    private readonly object finished = new();
    private readonly int threads;
    private readonly long budget;
    private Counters counters;
    private bool started;
    private volatile bool stopping;
    private volatile bool callerSleeps;
    private int reserved;
    private int count;
    private delegate*<WorkerCrew, void*, void> drain;
    private void* context;
    private ExceptionDispatchInfo? fault;

    /// <summary>A crew that will have the given number of background threads.</summary>
    public WorkerCrew(int threads)
    {
        this.threads = threads;
        budget = threads < Environment.ProcessorCount ? SpinTicks : 0;
    }

    /// <summary>Takes the crew for one job; false while it has another.</summary>
    public bool TryReserve() => Volatile.Read(ref reserved) == 0 && Interlocked.CompareExchange(ref reserved, 1, 0) == 0;

    /// <summary>Runs a job on the reserved crew and the caller, and releases the crew.</summary>
    public void Run(int items, delegate*<WorkerCrew, void*, void> drainItems, void* sharedContext)
    {
        if (!started)
        {
            Start();
        }

        count = items;
        drain = drainItems;
        context = sharedContext;
        counters.Next = 0;
        Volatile.Write(ref counters.State, Open);

        // Increment, then look for sleepers; a sleeper counts itself, then looks at the job. One of the two sees the other.
        Interlocked.Increment(ref counters.Job);
        int asleep = Volatile.Read(ref counters.Asleep);
        if (asleep > 0)
        {
            lock (bell)
            {
                for (int i = Math.Min(asleep, items - 1); i > 0; i--)
                {
                    Monitor.Pulse(bell);
                }
            }
        }

        drainItems(this, sharedContext);

        // Nothing is left to take: shut out threads that wake late and wait only for those inside.
        if (Interlocked.Add(ref counters.State, -Open) != 0)
        {
            WaitForInside();
        }

        ExceptionDispatchInfo? thrown = fault;
        fault = null;
        Volatile.Write(ref reserved, 0);
        thrown?.Throw();
    }

    /// <summary>Takes the next item of the job.</summary>
    public bool TryTake(out int index)
    {
        index = Interlocked.Increment(ref counters.Next) - 1;
        return index < count;
    }

    /// <summary>Keeps the first exception of a job and ends the sharing out.</summary>
    public bool Report(Exception exception)
    {
        Interlocked.CompareExchange(ref fault, ExceptionDispatchInfo.Capture(exception), null);
        Volatile.Write(ref counters.Next, count);
        return true;
    }

    /// <summary>Ends the threads.</summary>
    public void Stop()
    {
        stopping = true;
        lock (bell)
        {
            Monitor.PulseAll(bell);
        }
    }

    private void Start()
    {
        started = true;
        for (int i = 0; i < threads; i++)
        {
            new Thread(Work) { IsBackground = true, Name = "cutaway worker " + (i + 1) }.Start();
        }
    }

    private void Work()
    {
        int seen = 0;
        while (WaitForJob(ref seen))
        {
            if (TryEnter())
            {
                drain(this, context);
                if (Interlocked.Decrement(ref counters.State) == 0 && callerSleeps)
                {
                    lock (finished)
                    {
                        Monitor.Pulse(finished);
                    }
                }
            }
        }
    }

    private bool TryEnter()
    {
        int state = Volatile.Read(ref counters.State);
        while (state >= Open)
        {
            int before = Interlocked.CompareExchange(ref counters.State, state + 1, state);
            if (before == state)
            {
                return true;
            }

            state = before;
        }

        return false;
    }

    private bool WaitForJob(ref int seen)
    {
        long start = budget > 0 ? Stopwatch.GetTimestamp() : 0;
        while (budget > 0 && !stopping && Stopwatch.GetTimestamp() - start < budget)
        {
            for (int i = 0; i < 16; i++)
            {
                if (Volatile.Read(ref counters.Job) != seen)
                {
                    seen = Volatile.Read(ref counters.Job);
                    return true;
                }

                Thread.SpinWait(4);
            }
        }

        lock (bell)
        {
            Interlocked.Increment(ref counters.Asleep);
            while (Volatile.Read(ref counters.Job) == seen && !stopping)
            {
                Monitor.Wait(bell);
            }

            Interlocked.Decrement(ref counters.Asleep);
            seen = Volatile.Read(ref counters.Job);
        }

        return !stopping;
    }

    private void WaitForInside()
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            for (int i = 0; i < 16; i++)
            {
                if (Volatile.Read(ref counters.State) == 0)
                {
                    return;
                }

                Thread.SpinWait(4);
            }
        }
        while (Stopwatch.GetTimestamp() - start < budget);

        lock (finished)
        {
            callerSleeps = true;
            Interlocked.MemoryBarrier();
            while (Volatile.Read(ref counters.State) != 0)
            {
                Monitor.Wait(finished);
            }

            callerSleeps = false;
        }
    }

    // Each on cache lines of its own: all threads write Next and State, idle ones poll Job.
    [StructLayout(LayoutKind.Explicit, Size = 640)]
    private struct Counters
    {
        [FieldOffset(128)]
        public int Next;

        // Open while items may be left, plus the number of threads inside.
        [FieldOffset(256)]
        public int State;

        [FieldOffset(384)]
        public int Job;

        [FieldOffset(512)]
        public int Asleep;
    }
}
