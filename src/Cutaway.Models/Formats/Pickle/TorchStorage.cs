using System.Collections.Frozen;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>A run of elements that tensors of a checkpoint are views of; several may share one.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Type">How elements are stored.</param>
/// <param name="Count">How many.</param>
internal sealed record TorchStorage(string Key, ElementType Type, long Count)
{
    /// <summary>More than any disk holds; keeps arithmetic on sizes from overflowing.</summary>
    private const long MostElements = 1L << 56;

    private static readonly FrozenDictionary<string, ElementType> Classes = new Dictionary<string, ElementType>(StringComparer.Ordinal)
    {
        ["torch.DoubleStorage"] = ElementType.Float64,
        ["torch.FloatStorage"] = ElementType.Float32,
        ["torch.HalfStorage"] = ElementType.Float16,
        ["torch.BFloat16Storage"] = ElementType.BFloat16,
        ["torch.CharStorage"] = ElementType.Int8,
        ["torch.ByteStorage"] = ElementType.UInt8,
        ["torch.ShortStorage"] = ElementType.Int16,
        ["torch.IntStorage"] = ElementType.Int32,
        ["torch.LongStorage"] = ElementType.Int64,
        ["torch.BoolStorage"] = ElementType.Bool,
        ["torch.storage.UntypedStorage"] = ElementType.UInt8,
        ["torch.UntypedStorage"] = ElementType.UInt8,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, ElementType> Types = new Dictionary<string, ElementType>(StringComparer.Ordinal)
    {
        ["torch.float64"] = ElementType.Float64,
        ["torch.float32"] = ElementType.Float32,
        ["torch.float16"] = ElementType.Float16,
        ["torch.bfloat16"] = ElementType.BFloat16,
        ["torch.float8_e4m3fn"] = ElementType.Float8E4M3,
        ["torch.float8_e5m2"] = ElementType.Float8E5M2,
        ["torch.int8"] = ElementType.Int8,
        ["torch.uint8"] = ElementType.UInt8,
        ["torch.int16"] = ElementType.Int16,
        ["torch.uint16"] = ElementType.UInt16,
        ["torch.int32"] = ElementType.Int32,
        ["torch.uint32"] = ElementType.UInt32,
        ["torch.int64"] = ElementType.Int64,
        ["torch.uint64"] = ElementType.UInt64,
        ["torch.bool"] = ElementType.Bool,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names of storage classes.</summary>
    public static IEnumerable<string> Names => Classes.Keys;

    /// <summary>The names of element types.</summary>
    public static IEnumerable<string> TypeNames => Types.Keys;

    /// <summary>The storage that this one is a part of, or null (legacy files only).</summary>
    public TorchStorage? Whole { get; init; }

    /// <summary>The first element's place in <see cref="Whole"/>.</summary>
    public long Offset { get; init; }

    /// <summary>Bytes.</summary>
    public long ByteLength => Count * Type.BytesPerBlock();

    /// <summary>The element type of a name such as <c>torch.float32</c>.</summary>
    public static ElementType TypeOf(object? value) => value is PickleGlobal global && Types.TryGetValue(global.Name, out ElementType type)
        ? type
        : throw new FormatException("its pickle gives a tensor an element type that is not known");

    /// <summary>Reads a persistent id: ('storage', class, key, device, count), with a view's place behind it in legacy files.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static TorchStorage Read(object? id)
    {
        if (id is not object?[] { Length: >= 5 } parts
            || parts is not ["storage", PickleGlobal storageClass, string key, string, long count, ..]
            || !Classes.TryGetValue(storageClass.Name, out ElementType type)
            || count is < 0 or > MostElements)
        {
            throw new FormatException("its pickle refers to something outside itself that is not the storage of a tensor");
        }

        TorchStorage storage = new(key, type, count);
        return parts.Length < 6 || parts[5] is null
            ? storage
            : parts[5] is object?[] view && view is [string part, long offset, long length] && offset >= 0 && length >= 0 && length <= count - offset
                ? new TorchStorage(part, type, length) { Whole = storage, Offset = offset }
                : throw new FormatException($"its pickle has a part of the storage {Quote.Name(key)} that does not lie within it");
    }
}
