using System.Numerics;
using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>Keys (rotated) and values of the positions seen so far, so that generation computes only what is new.</summary>
public sealed class KeyValueCache
{
    private readonly object[] keys;
    private readonly object[] values;

    private KeyValueCache(int layers, int batch, int capacity)
    {
        keys = new object[layers];
        values = new object[layers];
        Batch = batch;
        Capacity = capacity;
    }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Positions there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Positions held.</summary>
    public int Length { get; internal set; }

    /// <summary>An empty cache for a network computing in <typeparamref name="T"/>.</summary>
    public static KeyValueCache Create<T>(NetworkConfig config, int batch, int capacity)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        KeyValueCache cache = new(config.Layers, batch, capacity);
        long size = (long)batch * capacity * config.KeyValueHeads * config.DHead;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            cache.keys[layer] = new NativeBuffer<T>(size);
            cache.values[layer] = new NativeBuffer<T>(size);
        }

        return cache;
    }

    /// <summary>A cache in which the one sequence of this one stands so many times, to go on in different ways.</summary>
    /// <param name="batch">How many times.</param>
    /// <param name="capacity">Positions there is room for.</param>
    public KeyValueCache Repeated<T>(int batch, int capacity)
        where T : unmanaged
    {
        KeyValueCache cache = new(keys.Length, batch, capacity) { Length = Length };
        foreach ((object[] from, object[] to) in ((object[], object[])[])[(keys, cache.keys), (values, cache.values)])
        {
            for (int layer = 0; layer < from.Length; layer++)
            {
                ReadOnlySpan<T> source = Typed<T>(from[layer]).Span;
                int width = source.Length / Capacity;
                NativeBuffer<T> target = new((long)batch * capacity * width);
                for (int b = 0; b < batch; b++)
                {
                    source[..(Length * width)].CopyTo(target.Span[(b * capacity * width)..]);
                }

                to[layer] = target;
            }
        }

        return cache;
    }

    /// <summary>Makes a sequence the same as another.</summary>
    /// <param name="from">The sequence that is copied.</param>
    /// <param name="to">The sequence that becomes like it.</param>
    /// <param name="first">The first position at which they may differ.</param>
    public void CopySequence<T>(int from, int to, int first)
        where T : unmanaged
    {
        if (from == to)
        {
            return;
        }

        foreach (object[] layers in (object[][])[keys, values])
        {
            foreach (object layer in layers)
            {
                Span<T> all = Typed<T>(layer).Span;
                int width = all.Length / (Batch * Capacity);
                all.Slice(((from * Capacity) + first) * width, (Length - first) * width).CopyTo(all[(((to * Capacity) + first) * width)..]);
            }
        }
    }

    /// <summary>Keys of a layer, [batch, capacity, key head, d_head].</summary>
    internal NativeBuffer<T> Keys<T>(int layer)
        where T : unmanaged => Typed<T>(keys[layer]);

    /// <summary>Values of a layer, [batch, capacity, key head, d_head].</summary>
    internal NativeBuffer<T> Values<T>(int layer)
        where T : unmanaged => Typed<T>(values[layer]);

    private static NativeBuffer<T> Typed<T>(object buffer)
        where T : unmanaged =>
        buffer as NativeBuffer<T> ?? throw new InvalidOperationException("the cache was made for another precision");
}
