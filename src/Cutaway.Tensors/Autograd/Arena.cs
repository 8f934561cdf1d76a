namespace Cutaway.Tensors.Autograd;

/// <summary>Buffers that are lent out by length and taken back, so that a step allocates what the step before it used.</summary>
internal sealed class Arena<T>
    where T : unmanaged
{
    private readonly Dictionary<int, Shelf> shelves = [];
    private long lent;

    /// <summary>The most bytes that were lent out at one time since the last <see cref="Sweep"/>.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>A buffer of exactly this length; its content is not cleared.</summary>
    public NativeBuffer<T> Take(long length)
    {
        int size = checked((int)length);
        if (!shelves.TryGetValue(size, out Shelf? shelf))
        {
            shelves.Add(size, shelf = new Shelf());
        }

        shelf.IsUsed = true;
        lent += Bytes(size);
        PeakBytes = Math.Max(PeakBytes, lent);
        return shelf.Free.TryPop(out NativeBuffer<T>? buffer) ? buffer : new NativeBuffer<T>(size);
    }

    /// <summary>Takes a buffer back.</summary>
    public void Return(NativeBuffer<T> buffer)
    {
        lent -= Bytes(buffer.Length);
        shelves[buffer.Length].Free.Push(buffer);
    }

    /// <summary>Lets go of lengths that were not asked for since the last sweep; nothing may be lent out.</summary>
    public void Sweep()
    {
        foreach ((int size, Shelf shelf) in shelves)
        {
            if (!shelf.IsUsed)
            {
                shelves.Remove(size);
            }

            shelf.IsUsed = false;
        }

        lent = 0;
        PeakBytes = 0;
    }

    private static unsafe long Bytes(int length) => (long)length * sizeof(T);

    private sealed class Shelf
    {
        public Stack<NativeBuffer<T>> Free { get; } = new();

        public bool IsUsed { get; set; }
    }
}
