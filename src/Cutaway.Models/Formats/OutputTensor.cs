using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>A tensor to be written: what it is called, how it is stored, and where its values come from. Values are converted while they are written.</summary>
public sealed class OutputTensor
{
    private const int ChunkBytes = 1 << 15;
    private const int CopiedBytes = 1 << 22;
    private readonly Action<Stream> write;

    private OutputTensor(string name, ElementType type, IReadOnlyList<long> shape, Action<Stream> write)
    {
        Name = name;
        Type = type;
        Shape = shape;
        this.write = write;
        long count = TensorShape.Count(shape) ?? throw new ArgumentException($"{Quote.Shape(shape)} is not a shape that can exist", nameof(shape));
        ByteLength = type.BytesFor(count);
    }

    /// <summary>The name in the file.</summary>
    public string Name { get; }

    /// <summary>How elements are stored.</summary>
    public ElementType Type { get; }

    /// <summary>Row-major extents.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes in the file.</summary>
    public long ByteLength { get; }

    /// <summary>A tensor of floating-point numbers, stored as Float64, Float32, Float16 or BFloat16 (rounded to nearest, ties to even).</summary>
    /// <param name="name">The name in the file.</param>
    /// <param name="shape">Row-major extents.</param>
    /// <param name="values">As many values as the shape says; read while writing.</param>
    /// <param name="type">How to store them; by default as they are.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">The values do not fill the shape, or the type is not one of these.</exception>
    public static OutputTensor Create<T>(string name, IReadOnlyList<long> shape, ReadOnlyMemory<T> values, ElementType? type = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CheckCount(name, shape, values.Length);
        ElementType stored = type ?? (typeof(T) == typeof(float) ? ElementType.Float32 : ElementType.Float64);
        if (stored > ElementType.BFloat16)
        {
            throw new ArgumentException($"floating-point numbers are not written as {stored}", nameof(type));
        }

        return new OutputTensor(name, stored, shape, stream => WriteFloats(stream, values.Span, stored));
    }

    /// <summary>A tensor of floating-point numbers over an array.</summary>
    /// <inheritdoc cref="Create{T}(string, IReadOnlyList{long}, ReadOnlyMemory{T}, ElementType?)"/>
    public static OutputTensor Create<T>(string name, IReadOnlyList<long> shape, T[] values, ElementType? type = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Create(name, shape, values.AsMemory(), type);

    /// <inheritdoc cref="Create{T}(string, IReadOnlyList{long}, ReadOnlyMemory{T}, ElementType?)"/>
    public static OutputTensor Create<T>(string name, IReadOnlyList<long> shape, Memory<T> values, ElementType? type = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Create(name, shape, (ReadOnlyMemory<T>)values, type);

    /// <summary>A tensor of 64-bit integers.</summary>
    /// <exception cref="ArgumentException">The values do not fill the shape.</exception>
    public static OutputTensor Create(string name, IReadOnlyList<long> shape, long[] values)
    {
        CheckCount(name, shape, values.Length);
        return new OutputTensor(name, ElementType.Int64, shape, stream => WriteBytes(stream, MemoryMarshal.AsBytes<long>(values)));
    }

    /// <summary>A tensor of 32-bit integers.</summary>
    /// <exception cref="ArgumentException">The values do not fill the shape.</exception>
    public static OutputTensor Create(string name, IReadOnlyList<long> shape, int[] values)
    {
        CheckCount(name, shape, values.Length);
        return new OutputTensor(name, ElementType.Int32, shape, stream => WriteBytes(stream, MemoryMarshal.AsBytes<int>(values)));
    }

    /// <summary>A tensor whose bytes are produced while the file is written.</summary>
    /// <param name="name">The name in the file.</param>
    /// <param name="type">A plain type.</param>
    /// <param name="shape">Row-major extents.</param>
    /// <param name="write">Writes exactly the tensor's bytes, little-endian.</param>
    public static OutputTensor Streamed(string name, ElementType type, IReadOnlyList<long> shape, Action<Stream> write) =>
        new(name, type, shape, write);

    /// <summary>A stored tensor as it is.</summary>
    public static unsafe OutputTensor Copy(StoredTensor tensor) => new(tensor.Name, tensor.Type, tensor.Shape, stream =>
    {
        for (long start = 0; start < tensor.ByteLength; start += CopiedBytes)
        {
            stream.Write(new ReadOnlySpan<byte>(tensor.Data + start, (int)Math.Min(CopiedBytes, tensor.ByteLength - start)));
        }

        GC.KeepAlive(tensor);
    });

    /// <summary>Writes the bytes.</summary>
    internal void WriteTo(Stream stream) => write(stream);

    private static void CheckCount(string name, IReadOnlyList<long> shape, int count)
    {
        if (TensorShape.Count(shape) != count)
        {
            throw new ArgumentException($"{count} values do not fill tensor {Quote.Name(name)} of shape {Quote.Shape(shape)}", nameof(shape));
        }
    }

    private static void WriteFloats<T>(Stream stream, ReadOnlySpan<T> values, ElementType type)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if ((typeof(T) == typeof(float) && type == ElementType.Float32) || (typeof(T) == typeof(double) && type == ElementType.Float64))
        {
            WriteBytes(stream, MemoryMarshal.AsBytes(values));
            return;
        }

        int size = type.BytesPerBlock();
        byte[] chunk = new byte[Math.Min(ChunkBytes, (long)values.Length * size)];
        int perChunk = ChunkBytes / size;
        for (int start = 0; start < values.Length; start += perChunk)
        {
            ReadOnlySpan<T> part = values.Slice(start, Math.Min(perChunk, values.Length - start));
            Span<byte> bytes = chunk.AsSpan(0, part.Length * size);
            for (int i = 0; i < part.Length; i++)
            {
                Encode(part[i], type, bytes.Slice(i * size, size));
            }

            stream.Write(bytes);
        }
    }

    /// <summary>Writes one value, rounded to nearest, ties to even.</summary>
    internal static void Encode<T>(T value, ElementType type, Span<byte> bytes)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (type)
        {
            case ElementType.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, double.CreateTruncating(value));
                break;
            case ElementType.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, float.CreateTruncating(value));
                break;
            case ElementType.Float16:
                BinaryPrimitives.WriteHalfLittleEndian(bytes, Half.CreateTruncating(value));
                break;
            default:
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, BrainFloat(float.CreateTruncating(value)));
                break;
        }
    }

    /// <summary>The upper half of a float, rounded to nearest, ties to even; NaN stays NaN.</summary>
    private static ushort BrainFloat(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40)
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void WriteBytes(Stream stream, ReadOnlySpan<byte> bytes)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("files are little-endian, and so must the machine be");
        }

        stream.Write(bytes);
    }
}
