using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>
/// Reads the header of a GGUF file (magic, version, counts, metadata, tensor infos), believing nothing: every length is
/// compared with what is left of the file before it is used, and nothing is allocated by a count alone.
/// </summary>
internal sealed unsafe class GgufReader(object owner, byte* data, long length, string path)
{
    private const uint Magic = 0x46554747;
    private const int LongestName = 65535;
    private const int DeepestArray = 4;
    private const int MostAxes = 4;

    // The least bytes of an entry: the length of its name, its types, its offset.
    private const int LeastValueBytes = 8 + 4 + 1;
    private const int LeastTensorBytes = 8 + 4 + 4 + 8;

    private long position;

    private readonly record struct TensorInfo(string Name, ElementType Type, long[] Shape, long Offset, long Bytes);

    /// <summary>Reads the header.</summary>
    public GgufFile Read()
    {
        if (length < 4 || Take<uint>("the magic number") != Magic)
        {
            throw Broken("it does not begin with 'GGUF'");
        }

        uint version = Take<uint>("the version");
        if (version is not (2 or 3))
        {
            throw Broken((version & 0xFFFF) == 0
                ? "it is big-endian; convert it to little-endian"
                : $"its version is {version}; 2 and 3 are known, so convert the model again");
        }

        long tensorCount = TakeCount(LeastTensorBytes, "tensors");
        long valueCount = TakeCount(LeastValueBytes, "metadata values");
        Dictionary<string, GgufValue> values = new(StringComparer.Ordinal);
        for (long i = 0; i < valueCount; i++)
        {
            GgufValue value = TakeValue();
            if (!values.TryAdd(value.Key, value))
            {
                throw Broken($"the metadata key {Quote.Name(value.Key)} appears twice");
            }
        }

        GgufMetadata metadata = new(values, path);
        long alignment = AlignmentOf(metadata);
        List<TensorInfo> infos = [];
        for (long i = 0; i < tensorCount; i++)
        {
            infos.Add(TakeTensor(alignment));
        }

        long dataStart = position + ((alignment - (position % alignment)) % alignment);
        CheckPlaces(infos, dataStart);
        Dictionary<string, StoredTensor> tensors = new(infos.Count, StringComparer.Ordinal);
        foreach (TensorInfo info in infos)
        {
            StoredTensor tensor = new(info.Name, info.Type, info.Shape, owner, data + dataStart + info.Offset, path);
            if (!tensors.TryAdd(info.Name, tensor))
            {
                throw Broken($"tensor {Quote.Name(info.Name)} appears twice");
            }
        }

        return new GgufFile(path, (int)version, alignment, metadata, tensors);
    }

    private long AlignmentOf(GgufMetadata metadata)
    {
        const string key = "general.alignment";
        long alignment = metadata.Contains(key) ? metadata[key].AsLong() : 32;
        return alignment > 0 && long.IsPow2(alignment) && alignment <= 1 << 30
            ? alignment
            : throw Broken($"'{key}' is {alignment}; a power of two was expected");
    }

    private GgufValue TakeValue()
    {
        string key = TakeName("a metadata key");
        GgufType type = TakeType(key);
        long start = position;
        if (type != GgufType.Array)
        {
            SkipValue(type, key);
            return new GgufValue(key, type, type, 1, owner, data + start, position - start, path);
        }

        GgufType elementType = TakeType(key);
        ulong count = Take<ulong>(key);
        start = position;
        SkipElements(elementType, count, key, 1);
        return new GgufValue(key, type, elementType, (long)count, owner, data + start, position - start, path);
    }

    private GgufType TakeType(string key)
    {
        uint type = Take<uint>(key);
        return type <= (uint)GgufType.Float64 ? (GgufType)type : throw Broken($"the metadata key {Quote.Name(key)} has the unknown type {type}");
    }

    private void SkipValue(GgufType type, string key)
    {
        ulong bytes = type == GgufType.String ? Take<ulong>(key) : (ulong)GgufValue.SizeOf(type);
        if (bytes > (ulong)(length - position) || bytes > int.MaxValue)
        {
            throw CutShort($"the metadata key {Quote.Name(key)}");
        }

        position += (long)bytes;
    }

    private void SkipElements(GgufType type, ulong count, string key, int depth)
    {
        // A text takes its length, a list its type and length, before any content.
        uint least = type switch { GgufType.String => 8, GgufType.Array => 12, _ => (uint)GgufValue.SizeOf(type) };
        if (count > (ulong)(length - position) / least)
        {
            throw Broken($"the metadata key {Quote.Name(key)} claims {count} elements, more than the file can hold");
        }

        if (type is not (GgufType.String or GgufType.Array))
        {
            position += (long)count * least;
            return;
        }

        if (depth == DeepestArray && type == GgufType.Array)
        {
            throw Broken($"the metadata key {Quote.Name(key)} nests lists deeper than {DeepestArray}");
        }

        for (ulong i = 0; i < count; i++)
        {
            if (type == GgufType.String)
            {
                SkipValue(type, key);
            }
            else
            {
                GgufType inner = TakeType(key);
                SkipElements(inner, Take<ulong>(key), key, depth + 1);
            }
        }
    }

    private TensorInfo TakeTensor(long alignment)
    {
        string name = TakeName("a tensor's name");
        string what = $"tensor {Quote.Name(name)}";
        uint axes = Take<uint>(what);
        if (axes > MostAxes)
        {
            throw Broken($"{what} has {axes} axes; at most {MostAxes} were expected");
        }

        long[] shape = new long[axes];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            shape[^(axis + 1)] = Take<long>(what);
        }

        uint code = Take<uint>(what);
        ElementType type = TypeOf(code) ?? throw Broken($"{what} has the unknown or unsupported ggml type {code}");
        ulong offset = Take<ulong>(what);
        if (TensorShape.Count(shape) is not long count)
        {
            throw Broken($"{what} has the shape {Quote.Shape(shape)}, which is not one that can exist");
        }

        if (shape.Length > 0 && shape[^1] % type.ValuesPerBlock() != 0)
        {
            throw Broken($"{what} has rows of {shape[^1]} values, not a whole number of {type} blocks of {type.ValuesPerBlock()}");
        }

        long blocks = count / type.ValuesPerBlock();
        if (count % type.ValuesPerBlock() != 0 || blocks > length / type.BytesPerBlock() || offset > (ulong)length)
        {
            throw Broken($"{what} of {type} {Quote.Shape(shape)} at offset {offset} lies beyond the end of the file ({length} bytes)");
        }

        return offset % (ulong)alignment == 0
            ? new TensorInfo(name, type, shape, (long)offset, blocks * type.BytesPerBlock())
            : throw Broken($"{what} has offset {offset}, which is not a multiple of {alignment}");
    }

    private void CheckPlaces(List<TensorInfo> infos, long dataStart)
    {
        TensorInfo[] ordered = [.. infos];
        Array.Sort(ordered, (left, right) => (left.Offset, left.Bytes).CompareTo((right.Offset, right.Bytes)));
        long end = 0;
        foreach (TensorInfo info in ordered)
        {
            if (info.Offset < end)
            {
                throw Broken($"tensor {Quote.Name(info.Name)} overlaps the tensor before it");
            }

            end = info.Offset + info.Bytes;
            if (end > length - dataStart)
            {
                throw CutShort($"tensor {Quote.Name(info.Name)}");
            }
        }
    }

    private string TakeName(string what)
    {
        ulong bytes = Take<ulong>(what);
        if (bytes > LongestName || (long)bytes > length - position)
        {
            throw Broken($"{what} claims {bytes} bytes at position {position} of {length}");
        }

        ReadOnlySpan<byte> text = new(data + position, (int)bytes);
        position += (long)bytes;
        return Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw Broken($"{what} is not valid UTF-8");
    }

    private long TakeCount(int leastBytes, string what)
    {
        ulong count = Take<ulong>(what);
        return count <= (ulong)(length - position) / (uint)leastBytes
            ? (long)count
            : throw Broken($"it claims {count} {what}, more than its {length} bytes can hold");
    }

    private T Take<T>(string what)
        where T : unmanaged
    {
        if (length - position < sizeof(T))
        {
            throw CutShort(what);
        }

        T value = Unsafe.ReadUnaligned<T>(data + position);
        position += sizeof(T);
        return value;
    }

    private static ElementType? TypeOf(uint code) => code switch
    {
        0 => ElementType.Float32,
        1 => ElementType.Float16,
        2 => ElementType.Q4_0,
        3 => ElementType.Q4_1,
        6 => ElementType.Q5_0,
        7 => ElementType.Q5_1,
        8 => ElementType.Q8_0,
        10 => ElementType.Q2_K,
        11 => ElementType.Q3_K,
        12 => ElementType.Q4_K,
        13 => ElementType.Q5_K,
        14 => ElementType.Q6_K,
        16 => ElementType.IQ2_XXS,
        17 => ElementType.IQ2_XS,
        18 => ElementType.IQ3_XXS,
        19 => ElementType.IQ1_S,
        20 => ElementType.IQ4_NL,
        21 => ElementType.IQ3_S,
        22 => ElementType.IQ2_S,
        23 => ElementType.IQ4_XS,
        24 => ElementType.Int8,
        25 => ElementType.Int16,
        26 => ElementType.Int32,
        27 => ElementType.Int64,
        28 => ElementType.Float64,
        29 => ElementType.IQ1_M,
        30 => ElementType.BFloat16,
        34 => ElementType.TQ1_0,
        35 => ElementType.TQ2_0,
        39 => ElementType.MXFP4,
        40 => ElementType.NVFP4,
        _ => null,
    };

    private CutawayException CutShort(string what) => Broken($"{what} lies beyond its end ({length} bytes): the file is cut short or damaged");

    private CutawayException Broken(string what) => CutawayException.Model($"{path} is not a valid GGUF file: {what}");
}
