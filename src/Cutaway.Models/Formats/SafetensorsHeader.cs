using System.Text.Json;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>Reads the JSON header of a safetensors file. Each entry is checked by itself; the file checks them together.</summary>
internal sealed class SafetensorsHeader
{
    /// <summary>A tensor: its bytes are [Begin, End) after the header.</summary>
    public readonly record struct Entry(string Name, ElementType Type, long[] Shape, long Begin, long End);

    /// <summary>The tensors in the order of the header.</summary>
    public List<Entry> Entries { get; } = [];

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads a header.</summary>
    /// <exception cref="FormatException">An entry is wrong; the message says which and how.</exception>
    /// <exception cref="JsonException">The header is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A text in it is not valid UTF-8.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json)
    {
        SafetensorsHeader header = new();
        HashSet<string> names = new(StringComparer.Ordinal);
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 16 });
        Expect(ref reader, JsonTokenType.StartObject, "the header");
        while (NextName(ref reader) is string name)
        {
            if (!names.Add(name))
            {
                throw new FormatException($"{Quote.Name(name)} appears twice");
            }

            if (name == "__metadata__")
            {
                header.ReadMetadata(ref reader);
            }
            else
            {
                header.Entries.Add(ReadEntry(ref reader, name));
            }
        }

        // Only white space may follow the object; the reader throws at anything else.
        reader.Read();
        return header;
    }

    /// <summary>The name of a plain type as the format writes it, or null for one it cannot hold.</summary>
    public static string? NameOf(ElementType type) => type switch
    {
        ElementType.Float64 => "F64",
        ElementType.Float32 => "F32",
        ElementType.Float16 => "F16",
        ElementType.BFloat16 => "BF16",
        ElementType.Float8E4M3 => "F8_E4M3",
        ElementType.Float8E5M2 => "F8_E5M2",
        ElementType.Int8 => "I8",
        ElementType.UInt8 => "U8",
        ElementType.Int16 => "I16",
        ElementType.UInt16 => "U16",
        ElementType.Int32 => "I32",
        ElementType.UInt32 => "U32",
        ElementType.Int64 => "I64",
        ElementType.UInt64 => "U64",
        ElementType.Bool => "BOOL",
        _ => null,
    };

    private static ElementType? TypeOf(string name)
    {
        for (ElementType type = 0; type <= ElementType.Bool; type++)
        {
            if (NameOf(type) == name)
            {
                return type;
            }
        }

        return null;
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "'__metadata__'");
        while (NextName(ref reader) is string key)
        {
            Expect(ref reader, JsonTokenType.String, "a value of '__metadata__'");
            if (!Metadata.TryAdd(key, reader.GetString()!))
            {
                throw new FormatException($"{Quote.Name(key)} appears twice in '__metadata__'");
            }
        }
    }

    private static Entry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        string what = $"tensor {Quote.Name(name)}";
        ElementType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, what);
        while (NextName(ref reader) is string key)
        {
            switch (key)
            {
                case "dtype" when type is null:
                    Expect(ref reader, JsonTokenType.String, $"the dtype of {what}");
                    string written = reader.GetString()!;
                    type = TypeOf(written) ?? throw new FormatException(
                        $"{what} has dtype {Quote.Name(written)}; F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8 to I64, U8 to U64 and BOOL are known");
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, $"the shape of {what}", TensorShape.MostAxes);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, $"the data_offsets of {what}", 2);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw new FormatException($"{what} has {key} twice");
                default:
                    reader.Skip();
                    break;
            }
        }

        if (type is null || shape is null || offsets is not [long begin, long end])
        {
            throw new FormatException($"{what} lacks dtype, shape or two data_offsets");
        }

        long size = type.Value.BytesPerBlock();
        if (begin > end || TensorShape.Count(shape) is not long count || count > (end - begin) / size || count * size != end - begin)
        {
            throw new FormatException($"{what} of {NameOf(type.Value)} {Quote.Shape(shape)} does not fill its bytes {begin} to {end}");
        }

        return new Entry(name, type.Value, shape, begin, end);
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string what, int most)
    {
        Expect(ref reader, JsonTokenType.StartArray, what);
        Span<long> numbers = stackalloc long[most];
        int count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw new FormatException($"{what} holds something that is not a whole number below 2⁶³");
            }

            if (count == most)
            {
                throw new FormatException($"{what} has more than {most} numbers");
            }

            numbers[count++] = number;
        }

        return numbers[..count].ToArray();
    }

    /// <summary>The next property's name, or null at the end of the object.</summary>
    private static string? NextName(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw new FormatException($"{what} is {reader.TokenType}; {type} was expected");
        }
    }
}
