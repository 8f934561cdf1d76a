namespace Cutaway.Tensors.Parallel;

/// <summary>
/// Copies on all threads of the default pool: a copy into new memory spends most of its time waiting for the system to
/// hand out pages, which it does for several threads at once.
/// </summary>
internal static unsafe class ParallelCopy
{
    private const int Chunk = 1 << 16;

    /// <summary>Copies values.</summary>
    /// <param name="source">What to copy.</param>
    /// <param name="target">As long as the source.</param>
    public static void Run<T>(ReadOnlySpan<T> source, Span<T> target)
        where T : unmanaged
    {
        if (source.Length <= Chunk)
        {
            source.CopyTo(target);
            return;
        }

        fixed (T* from = source)
        fixed (T* to = target)
        {
            Work<T> work = new(from, to, source.Length);
            WorkerPool.Default.For((source.Length + Chunk - 1) / Chunk, ref work);
        }
    }

    private readonly struct Work<T>(T* source, T* target, int length) : IParallelWork
        where T : unmanaged
    {
        public void Invoke(int index)
        {
            int start = index * Chunk;
            int count = Math.Min(Chunk, length - start);
            new ReadOnlySpan<T>(source + start, count).CopyTo(new Span<T>(target + start, count));
        }
    }
}
