using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>One tensor of a model file: where its bytes lie, and how to read them. The bytes are not copied.</summary>
public sealed unsafe class StoredTensor
{
    private readonly object owner;

    /// <summary>Describes a tensor whose memory <paramref name="owner"/> keeps alive.</summary>
    /// <param name="name">The name in the file.</param>
    /// <param name="type">How elements are stored.</param>
    /// <param name="shape">Row-major: the last axis is contiguous (GGUF's axes are reversed by its reader).</param>
    /// <param name="owner">What owns the memory, such as a mapped file.</param>
    /// <param name="data">The first byte.</param>
    /// <param name="source">The file's path, for messages.</param>
    public StoredTensor(string name, ElementType type, IReadOnlyList<long> shape, object owner, byte* data, string source)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Data = data;
        Source = source;
        this.owner = owner;
    }

    /// <summary>The name in the file.</summary>
    public string Name { get; }

    /// <summary>How elements are stored.</summary>
    public ElementType Type { get; }

    /// <summary>Row-major extents.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The first byte.</summary>
    public byte* Data { get; }

    /// <summary>The file's path.</summary>
    public string Source { get; }

    /// <summary>How many values.</summary>
    public long Count => Shape.Aggregate(1L, (product, extent) => checked(product * extent));

    /// <summary>The tensor as a weight of [rows, columns]; with <paramref name="transposed"/> the file holds [inputs, outputs].</summary>
    /// <exception cref="CutawayException">The tensor has not two axes, or its type is not a weight's.</exception>
    public WeightMatrix ToMatrix(bool transposed = false)
    {
        if (Shape.Count != 2 || !Type.IsWeight())
        {
            throw CutawayException.Model($"tensor '{Name}' in {Source} is {Type} [{string.Join(", ", Shape)}]; a weight matrix of floats was expected");
        }

        return WeightMatrix.FromMemory(owner, Data, Type, checked((int)Shape[0]), checked((int)Shape[1]), transposed);
    }

    /// <summary>All values widened, row-major: for norms, biases and other small tensors.</summary>
    public double[] ToDoubles()
    {
        if (!Type.IsWeight())
        {
            throw CutawayException.Model($"tensor '{Name}' in {Source} holds {Type}; floating-point numbers were expected");
        }

        double[] values = new double[checked((int)Count)];
        ElementDecoder.Decode<double>(Type, new ReadOnlySpan<byte>(Data, checked((int)Type.BytesFor(Count))), values);
        GC.KeepAlive(owner);
        return values;
    }
}
