using System.Buffers.Binary;
using System.Numerics;
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
    /// <exception cref="CutawayException">The shape is negative or has more values than can be counted.</exception>
    public StoredTensor(string name, ElementType type, IReadOnlyList<long> shape, object owner, byte* data, string source)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Data = data;
        Source = source;
        this.owner = owner;
        Count = TensorShape.Count(shape) ?? throw Fault($"its shape {Quote.Shape(shape)} is not one that can exist");
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
    public long Count { get; }

    /// <summary>How many bytes the values take.</summary>
    public long ByteLength => Type.BytesFor(Count);

    /// <summary>The tensor as a weight of [rows, columns]; with <paramref name="transposed"/> the file holds [inputs, outputs].</summary>
    /// <exception cref="CutawayException">The tensor has not two axes, its type is not a weight's, or it is too large.</exception>
    public WeightMatrix ToMatrix(bool transposed = false)
    {
        if (Shape.Count != 2 || !Type.IsWeight())
        {
            throw Fault("a weight matrix of floating-point numbers was expected");
        }

        if (Shape[0] > int.MaxValue || Shape[1] > int.MaxValue)
        {
            throw Fault($"an axis is longer than {int.MaxValue}");
        }

        if (transposed && Type.ValuesPerBlock() > 1)
        {
            throw Fault("a matrix stored as [inputs, outputs] cannot be in blocks");
        }

        return WeightMatrix.FromMemory(owner, Data, Type, (int)Shape[0], (int)Shape[1], transposed);
    }

    /// <summary>All values widened to double precision, row-major: for norms, biases and other small tensors.</summary>
    /// <exception cref="CutawayException">The tensor does not hold floating-point numbers, or is too large for one array.</exception>
    public double[] ToDoubles() => ToArray<double>();

    /// <summary>All values widened, row-major.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="CutawayException">The tensor does not hold floating-point numbers, or is too large for one array.</exception>
    public T[] ToArray<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!Type.IsWeight())
        {
            throw Fault("floating-point numbers were expected");
        }

        T[] values = new T[Fitting()];
        ElementDecoder.Decode<T>(Type, new ReadOnlySpan<byte>(Data, (int)ByteLength), values);
        GC.KeepAlive(owner);
        return values;
    }

    /// <summary>Reads every value and refuses NaN and infinities: what a damaged download or a failed conversion leaves.</summary>
    /// <exception cref="CutawayException">A value is not finite; its place is named.</exception>
    public void RequireFinite()
    {
        if (!Type.IsWeight())
        {
            return;
        }

        int block = Type.ValuesPerBlock();
        Span<float> values = stackalloc float[1024];
        for (long start = 0; start < Count; start += values.Length)
        {
            Span<float> part = values[..(int)Math.Min(values.Length, Count - start)];
            byte* first = Data + (start / block * Type.BytesPerBlock());
            ElementDecoder.Decode(Type, new ReadOnlySpan<byte>(first, (int)Type.BytesFor(part.Length)), part);
            for (int i = 0; i < part.Length; i++)
            {
                if (!float.IsFinite(part[i]))
                {
                    throw Fault($"value {start + i} is {(float.IsNaN(part[i]) ? "NaN" : "infinite")}; download or convert the model again");
                }
            }
        }

        GC.KeepAlive(owner);
    }

    /// <summary>All values of an integer or boolean tensor, row-major: token ids, labels.</summary>
    /// <exception cref="CutawayException">The tensor does not hold integers, or one of them does not fit.</exception>
    public long[] ToIntegers()
    {
        long[] values = new long[Fitting()];
        int size = Type.BytesPerBlock();
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> bytes = new(Data + ((long)i * size), size);
            values[i] = Type switch
            {
                ElementType.Bool or ElementType.UInt8 => bytes[0],
                ElementType.Int8 => (sbyte)bytes[0],
                ElementType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
                ElementType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
                ElementType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
                ElementType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                ElementType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
                ElementType.UInt64 when BinaryPrimitives.ReadUInt64LittleEndian(bytes) is <= long.MaxValue and ulong value => (long)value,
                ElementType.UInt64 => throw Fault("a value is larger than 2⁶³"),
                _ => throw Fault("integers were expected"),
            };
        }

        GC.KeepAlive(owner);
        return values;
    }

    private int Fitting() =>
        Count <= Array.MaxLength && ByteLength <= int.MaxValue ? (int)Count : throw Fault("it is too large for one array");

    private CutawayException Fault(string what) =>
        CutawayException.Model($"tensor {Quote.Name(Name)} in {Source} is {Type} {Quote.Shape(Shape)}: {what}");
}
