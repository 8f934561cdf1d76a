using System.Numerics;

namespace Cutaway.Models.Network;

/// <summary>
/// Keys (rotated) and values of the positions seen so far, so that generation computes only what is new. Heads that share
/// keys and values share the memory; a layer with a window keeps only the positions that later ones still see.
/// </summary>
public sealed class KeyValueCache
{
    private readonly NetworkConfig config;
    private readonly ICacheLayer[] layers;
    private readonly bool keepAll;
    private readonly bool isWindowed;
    private bool isInterrupted;

    private KeyValueCache(NetworkConfig config, ICacheLayer[] layers, int batch, int capacity, bool keepAll)
    {
        this.config = config;
        this.layers = layers;
        this.keepAll = keepAll;
        isWindowed = Array.Exists(layers, layer => layer.Room < capacity);
        Batch = batch;
        Capacity = capacity;
    }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Positions there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Positions read so far.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of all keys and values.</summary>
    public long Bytes => layers.Sum(layer => layer.Bytes);

    /// <summary>An empty cache for a network computing in <typeparamref name="T"/>.</summary>
    /// <param name="config">The network's.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="capacity">Positions of each.</param>
    /// <param name="keepAll">Whether layers with windows keep every position too, for runs that go on from earlier ones (<see cref="PackedRows"/>).</param>
    public static KeyValueCache Create<T>(NetworkConfig config, int batch, int capacity, bool keepAll = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ICacheLayer[] layers = new ICacheLayer[config.Layers];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            int room = Room(config.LayerConfigs[layer].Window, capacity, keepAll);
            layers[layer] = new CacheLayer<T>(batch, room, config.KeyValueHeads * config.DHead, config.KeyValueHeads * config.DValue, config.LayerConfigs[layer].Window ?? int.MaxValue);
        }

        return new(config, layers, batch, capacity, keepAll);
    }

    /// <summary>How many numbers an empty cache has room for, before it is made: <see cref="Bytes"/> over the size of one.</summary>
    /// <param name="config">The network's.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="capacity">Positions of each.</param>
    /// <param name="keepAll">Whether layers with windows keep every position too.</param>
    public static long NumbersFor(NetworkConfig config, int batch, int capacity, bool keepAll = false) =>
        (long)batch * config.KeyValueHeads * (config.DHead + config.DValue) * config.LayerConfigs.Sum(layer => (long)Room(layer.Window, capacity, keepAll));

    /// <summary>A cache in which the one sequence of this one stands so many times, to go on in different ways.</summary>
    /// <param name="batch">How many times.</param>
    /// <param name="capacity">Positions there is room for, no fewer than were read so far.</param>
    public KeyValueCache Repeated<T>(int batch, int capacity)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(Batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, Length);
        KeyValueCache cache = Create<T>(config, batch, capacity, keepAll);
        cache.Length = Length;
        for (int layer = 0; layer < layers.Length; layer++)
        {
            cache.Layer<T>(layer).Repeat(Layer<T>(layer), Length);
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
        for (int layer = 0; from != to && layer < layers.Length; layer++)
        {
            Layer<T>(layer).CopySequence(from, to, first, Length);
        }
    }

    /// <summary>A layer's keys and values.</summary>
    internal CacheLayer<T> Layer<T>(int layer)
        where T : unmanaged =>
        layers[layer] as CacheLayer<T> ?? throw new InvalidOperationException("the cache was made for another precision");

    /// <summary>A pass begins to read positions.</summary>
    /// <exception cref="CutawayException">An earlier pass did not end, and has taken from layers with windows what this one needs.</exception>
    internal void Begin()
    {
        if (isInterrupted)
        {
            throw CutawayException.Usage("a run into this key/value cache was cut short, and its layers with windows have moved on; make a new cache");
        }

        isInterrupted = isWindowed;
    }

    /// <summary>The pass has read them.</summary>
    internal void End(int count)
    {
        Length += count;
        isInterrupted = false;
    }

    // Every eighth of a window what is still seen moves to the front: eight positions moved for each that is read.
    private static int Room(int? window, int capacity, bool keepAll) =>
        window is { } seen && !keepAll ? (int)Math.Min(capacity, seen - 1L + ((seen + 7L) / 8)) : capacity;
}
