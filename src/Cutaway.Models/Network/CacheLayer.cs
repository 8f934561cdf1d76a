using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>A layer's keys (rotated) and values: those of all positions so far, or of the latest where a window hides the others.</summary>
/// <param name="batch">Sequences.</param>
/// <param name="room">Positions there is room for.</param>
/// <param name="keyWidth">Elements of a position's keys.</param>
/// <param name="valueWidth">Elements of its values.</param>
/// <param name="window">How many positions a query sees, itself included.</param>
internal sealed unsafe class CacheLayer<T>(int batch, int room, int keyWidth, int valueWidth, int window) : ICacheLayer
    where T : unmanaged
{
    private readonly NativeBuffer<T> keys = new((long)batch * room * keyWidth);
    private readonly NativeBuffer<T> values = new((long)batch * room * valueWidth);

    /// <summary>[batch, <see cref="Room"/>, key head, d_head], from position <see cref="First"/> on.</summary>
    public T* Keys => keys.Pointer;

    /// <summary>[batch, <see cref="Room"/>, key head, width of a head's values], likewise.</summary>
    public T* Values => values.Pointer;

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

        Move(Keys, keyWidth);
        Move(Values, valueWidth);
        First = past - seen;
        return true;

        void Move(T* store, int width)
        {
            for (int sequence = 0; sequence < batch; sequence++)
            {
                T* start = store + ((nint)sequence * room * width);
                new ReadOnlySpan<T>(start + ((nint)(past - seen - First) * width), seen * width).CopyTo(new Span<T>(start, seen * width));
            }
        }
    }

    /// <summary>Takes over the one sequence of another layer in place of each of this one's.</summary>
    /// <param name="other">A layer of the same window.</param>
    /// <param name="length">Positions so far.</param>
    public void Repeat(CacheLayer<T> other, int length)
    {
        First = Math.Max(other.First, length - room);
        Fill(other.keys.Span, keys.Span, keyWidth);
        Fill(other.values.Span, values.Span, valueWidth);

        void Fill(ReadOnlySpan<T> source, Span<T> target, int width)
        {
            for (int sequence = 0; sequence < batch; sequence++)
            {
                source.Slice((First - other.First) * width, (length - First) * width).CopyTo(target[(sequence * room * width)..]);
            }
        }
    }

    /// <summary>Makes a sequence the same as another.</summary>
    /// <param name="from">The sequence that is copied.</param>
    /// <param name="to">The sequence that becomes like it.</param>
    /// <param name="first">The first position at which they may differ.</param>
    /// <param name="length">Positions so far.</param>
    public void CopySequence(int from, int to, int first, int length)
    {
        int start = Math.Max(0, first - First);
        int count = length - First - start;
        Copy(keys.Span, keyWidth);
        Copy(values.Span, valueWidth);

        void Copy(Span<T> store, int width) =>
            store.Slice(((from * room) + start) * width, count * width).CopyTo(store[(((to * room) + start) * width)..]);
    }
}

/// <summary>What a cache asks of its layers whatever their precision.</summary>
internal interface ICacheLayer
{
    /// <summary>Positions there is room for.</summary>
    int Room { get; }

    /// <summary>Bytes taken.</summary>
    long Bytes { get; }
}
