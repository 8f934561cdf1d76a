using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Cutaway.Models.Formats;

/// <summary>One value of GGUF metadata. It stays in the mapped file and is decoded when it is asked for, so that long vocabularies cost nothing until used.</summary>
public sealed unsafe class GgufValue
{
    private readonly object owner;
    private readonly byte* data;
    private readonly long bytes;
    private readonly string source;

    internal GgufValue(string key, GgufType type, GgufType elementType, long count, object owner, byte* data, long bytes, string source)
    {
        Key = key;
        Type = type;
        ElementType = elementType;
        Count = count;
        this.owner = owner;
        this.data = data;
        this.bytes = bytes;
        this.source = source;
    }

    /// <summary>Its key.</summary>
    public string Key { get; }

    /// <summary>Its type; <see cref="GgufType.Array"/> for lists.</summary>
    public GgufType Type { get; }

    /// <summary>The type of a list's elements; else <see cref="Type"/>.</summary>
    public GgufType ElementType { get; }

    /// <summary>How many elements; 1 for single values.</summary>
    public long Count { get; }

    /// <summary>The value as text.</summary>
    /// <exception cref="CutawayException">It is not a text, or not valid UTF-8.</exception>
    public string AsString()
    {
        if (Type != GgufType.String)
        {
            throw Mismatch("a text");
        }

        long position = 0;
        return NextString(ref position, 0);
    }

    /// <summary>The value as a truth value.</summary>
    /// <exception cref="CutawayException">It is not one.</exception>
    public bool AsBool() => Type == GgufType.Bool ? Take<byte>(0) != 0 : throw Mismatch("a truth value");

    /// <summary>The value as an integer, from any integer type.</summary>
    /// <exception cref="CutawayException">It is not an integer, or beyond 2⁶³.</exception>
    public long AsLong() => IsInteger(Type) ? Integer(0) : throw Mismatch("an integer");

    /// <summary>The value as an integer of 32 bits, from any integer type.</summary>
    /// <exception cref="CutawayException">It is not an integer, or does not fit.</exception>
    public int AsInt() => AsLong() is >= int.MinValue and <= int.MaxValue and long value ? (int)value : throw Mismatch("an integer of 32 bits");

    /// <summary>The value as a number, from any type of number.</summary>
    /// <exception cref="CutawayException">It is not a number.</exception>
    public double AsFloat() => IsNumber(Type) ? Number(0) : throw Mismatch("a number");

    /// <summary>A list of texts.</summary>
    /// <exception cref="CutawayException">It is not one, or a text is not valid UTF-8.</exception>
    public string[] AsStrings()
    {
        CheckList(ElementType == GgufType.String, "a list of texts");
        string[] texts = new string[(int)Count];
        long position = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = NextString(ref position, i);
        }

        return texts;
    }

    /// <summary>A list of integers, from any integer type.</summary>
    /// <exception cref="CutawayException">It is not one, or an element does not fit.</exception>
    public int[] AsInts()
    {
        CheckList(IsInteger(ElementType), "a list of integers");
        int[] values = new int[(int)Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Integer(i) is >= int.MinValue and <= int.MaxValue and long value ? (int)value : throw Mismatch("a list of integers of 32 bits");
        }

        return values;
    }

    /// <summary>A list of numbers in single precision, from any type of number.</summary>
    /// <exception cref="CutawayException">It is not one.</exception>
    public float[] AsFloats()
    {
        CheckList(IsNumber(ElementType), "a list of numbers");
        float[] values = new float[(int)Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)Number(i);
        }

        return values;
    }

    /// <summary>A list of truth values.</summary>
    /// <exception cref="CutawayException">It is not one.</exception>
    public bool[] AsBools()
    {
        CheckList(ElementType == GgufType.Bool, "a list of truth values");
        bool[] values = new bool[(int)Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Take<byte>(i) != 0;
        }

        return values;
    }

    /// <summary>The value, or the length and element type of a list, for listings.</summary>
    public override string ToString() => Type switch
    {
        GgufType.Array => $"{Count} × {ElementType}",
        GgufType.String => AsString(),
        GgufType.Bool => AsBool() ? "true" : "false",
        GgufType.Float32 or GgufType.Float64 => AsFloat().ToString("R", CultureInfo.InvariantCulture),
        GgufType.UInt64 => Take<ulong>(0).ToString(CultureInfo.InvariantCulture),
        _ => AsLong().ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Bytes of a value of fixed size, or 0 for texts and lists.</summary>
    internal static int SizeOf(GgufType type) => type switch
    {
        GgufType.UInt8 or GgufType.Int8 or GgufType.Bool => 1,
        GgufType.UInt16 or GgufType.Int16 => 2,
        GgufType.UInt32 or GgufType.Int32 or GgufType.Float32 => 4,
        GgufType.UInt64 or GgufType.Int64 or GgufType.Float64 => 8,
        _ => 0,
    };

    private static bool IsNumber(GgufType type) => IsInteger(type) || type is GgufType.Float32 or GgufType.Float64;

    private static bool IsInteger(GgufType type) =>
        type is GgufType.UInt8 or GgufType.Int8 or GgufType.UInt16 or GgufType.Int16 or GgufType.UInt32 or GgufType.Int32
            or GgufType.UInt64 or GgufType.Int64;

    private long Integer(int index)
    {
        long offset = (long)index * SizeOf(ElementType);
        return ElementType switch
        {
            GgufType.UInt8 => Take<byte>(offset),
            GgufType.Int8 => Take<sbyte>(offset),
            GgufType.UInt16 => Take<ushort>(offset),
            GgufType.Int16 => Take<short>(offset),
            GgufType.UInt32 => Take<uint>(offset),
            GgufType.Int32 => Take<int>(offset),
            GgufType.Int64 => Take<long>(offset),
            _ => Take<ulong>(offset) is <= long.MaxValue and ulong fitting ? (long)fitting : throw Mismatch("an integer below 2⁶³"),
        };
    }

    private double Number(int index) => ElementType switch
    {
        GgufType.Float32 => Take<float>(4L * index),
        GgufType.Float64 => Take<double>(8L * index),
        _ => Integer(index),
    };

    private string NextString(ref long position, int index)
    {
        // The reader has walked these lengths already, so they lie within the value.
        int length = checked((int)Take<long>(position));
        position += sizeof(long) + length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, bytes);
        ReadOnlySpan<byte> content = new(data + position - length, length);
        string? text = Utf8.IsValid(content) ? Encoding.UTF8.GetString(content) : null;
        GC.KeepAlive(owner);
        return text ?? throw CutawayException.Model($"{source}: text {index} of key {Quote.Name(Key)} is not valid UTF-8");
    }

    private void CheckList(bool matches, string wanted)
    {
        if (Type != GgufType.Array || (Count > 0 && !matches) || Count > Array.MaxLength)
        {
            throw Mismatch(wanted);
        }
    }

    // The owner must outlive every read: nothing else may refer to this value any more.
    private T Take<T>(long offset)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, bytes - sizeof(T));
        T value = Unsafe.ReadUnaligned<T>(data + offset);
        GC.KeepAlive(owner);
        return value;
    }

    private CutawayException Mismatch(string wanted) => CutawayException.Model(
        $"{source}: key {Quote.Name(Key)} holds {(Type == GgufType.Array ? $"a list of {Count} {ElementType}" : Type)}; {wanted} was expected");
}
