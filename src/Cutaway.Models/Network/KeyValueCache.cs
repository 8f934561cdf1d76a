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
