using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>A layer's keys (rotated) and values: those of all positions so far, or of the latest where a window hides the others.</summary>
/// <param name="batch">Sequences.</param>
/// <param name="room">Positions there is room for.</param>
/// <param name="width">Elements of a position's keys, and of its values.</param>
/// <param name="window">How many positions a query sees, itself included.</param>
internal sealed unsafe class CacheLayer<T>(int batch, int room, int width, int window) : ICacheLayer
    where T : unmanaged
{
    private readonly NativeBuffer<T> keys = new((long)batch * room * width);
    private readonly NativeBuffer<T> values = new((long)batch * room * width);

    /// <summary>[batch, <see cref="Room"/>, key head, d_head], from position <see cref="First"/> on.</summary>
    public T* Keys => keys.Pointer;

    /// <summary>As <see cref="Keys"/>.</summary>
    public T* Values => values.Pointer;

    /// <summary>Positions there is room for.</summary>
    public int Room => room;

    /// <summary>The first position held.</summary>
    public int First { get; set; }

    public long Bytes => (long)sizeof(T) * (keys.Length + values.Length);

    /// <summary>How many of the positions before <paramref name="past"/> a later query still sees.</summary>
    public int Seen(int past) => Math.Min(past - First, window - 1);

    /// <summary>Moves what is still seen to the front if there is no room for more positions otherwise.</summary>
    /// <param name="past">Positions so far.</param>
    /// <param name="count">Positions to come.</param>
    /// <returns>False if they are more than there is room for.</returns>
    public bool MakeRoom(int past, int count)
    {
        if (past + count - First <= room)
        {
            return true;
        }

        int seen = Seen(past);
        if (seen + count > room)
        {
            return false;
        }

        for (int sequence = 0; sequence < batch; sequence++)
        {
            nint start = (nint)sequence * room * width;
            nint from = start + ((nint)(past - seen - First) * width);
            new ReadOnlySpan<T>(Keys + from, seen * width).CopyTo(new Span<T>(Keys + start, seen * width));
            new ReadOnlySpan<T>(Values + from, seen * width).CopyTo(new Span<T>(Values + start, seen * width));
        }

        First = past - seen;
        return true;
    }

    public void Reorder(ReadOnlySpan<int> sources, int length)
    {
        int count = (length - First) * width;
        T[] before = new T[(long)batch * count];
        foreach (NativeBuffer<T> buffer in new[] { keys, values })
        {
            for (int sequence = 0; sequence < batch; sequence++)
            {
                buffer.Span.Slice(sequence * room * width, count).CopyTo(before.AsSpan(sequence * count));
            }

            for (int sequence = 0; sequence < batch; sequence++)
            {
                before.AsSpan(sources[sequence] * count, count).CopyTo(buffer.Span[(sequence * room * width)..]);
            }
        }
    }
}

/// <summary>What a cache does with its layers whatever their precision.</summary>
internal interface ICacheLayer
{
    /// <summary>Bytes taken.</summary>
    long Bytes { get; }

    /// <summary>Puts, in each sequence's place, what was in the place of its source.</summary>
    /// <param name="sources">[batch].</param>
    /// <param name="length">Positions so far.</param>
    void Reorder(ReadOnlySpan<int> sources, int length);
}
