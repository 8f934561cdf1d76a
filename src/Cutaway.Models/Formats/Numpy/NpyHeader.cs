using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Numpy;

/// <summary>The header of a .npy file (NumPy's NEP 1): a magic text, a version, a length, and a Python dictionary of element type, order and shape.</summary>
/// <param name="Type">How elements are stored.</param>
/// <param name="IsFortran">Whether the first axis is contiguous.</param>
/// <param name="Shape">Extents.</param>
/// <param name="Bytes">Bytes of the header.</param>
internal sealed partial record NpyHeader(ElementType Type, bool IsFortran, long[] Shape, int Bytes)
{
    private const int PrefixBytes = 8;
    private const int LongestText = 1 << 16;
    private const int Alignment = 64;

    private static readonly (string Code, ElementType Type)[] Codes =
    [
        ("f8", ElementType.Float64), ("f4", ElementType.Float32), ("f2", ElementType.Float16),
        ("i1", ElementType.Int8), ("u1", ElementType.UInt8), ("i2", ElementType.Int16), ("u2", ElementType.UInt16),
        ("i4", ElementType.Int32), ("u4", ElementType.UInt32), ("i8", ElementType.Int64), ("u8", ElementType.UInt64), ("b1", ElementType.Bool),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The element type of a code such as <c>f4</c>, or null where it is none of a plain number.</summary>
    public static ElementType? TypeOf(string code) => Codes.Where(pair => pair.Code == code).Select(pair => (ElementType?)pair.Type).FirstOrDefault();

    /// <summary>Reads a header.</summary>
    /// <param name="file">The file, or its first bytes.</param>
    /// <exception cref="FormatException">It is none, or of an array that cannot be read.</exception>
    public static NpyHeader Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < PrefixBytes + 4 || !file.StartsWith(Magic))
        {
            throw new FormatException("it does not begin as .npy files do");
        }

        int version = file[6];
        int start = PrefixBytes + (version == 1 ? sizeof(ushort) : sizeof(uint));
        uint length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file[PrefixBytes..]) : BinaryPrimitives.ReadUInt32LittleEndian(file[PrefixBytes..]);
        if (version is < 1 or > 3 || length > LongestText || length > file.Length - start)
        {
            throw new FormatException($"its header of version {version} claims {length} bytes");
        }

        string text = Encoding.UTF8.GetString(file.Slice(start, (int)length));
        Match parts = Dictionary().Match(text);
        if (!parts.Success)
        {
            throw new FormatException($"its header is not a dictionary of descr, fortran_order and shape: {Quote.Name(text)}");
        }

        string written = parts.Groups["descr"].Value;
        ElementType type = TypeOf(written.TrimStart('<', '|', '=')) ?? throw new FormatException(
            written.Contains('O', StringComparison.Ordinal)
                ? "it holds Python objects, whose pickles may run code; an array of numbers was expected"
                : $"its elements are of type {Quote.Name(written)}; little-endian floating-point numbers, integers or booleans were expected");
        string[] extents = parts.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return extents.Length <= TensorShape.MostAxes && extents.All(extent => long.TryParse(extent, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? new NpyHeader(type, parts.Groups["order"].Value == "True", [.. extents.Select(extent => long.Parse(extent, CultureInfo.InvariantCulture))], start + (int)length)
            : throw new FormatException($"its shape ({Quote.Name(parts.Groups["shape"].Value)}) is not one that can exist");
    }

    /// <summary>The header of an array in row-major order, or null where the format has no such type.</summary>
    public static byte[]? TryWrite(ElementType type, IReadOnlyList<long> shape)
    {
        if (Codes.Where(pair => pair.Type == type).Select(pair => pair.Code).FirstOrDefault() is not { } code)
        {
            return null;
        }

        string order = type.BytesPerBlock() == 1 ? "|" : "<";
        string extents = string.Concat(shape.Select(extent => string.Create(CultureInfo.InvariantCulture, $"{extent}, ")));
        string text = $"{{'descr': '{order}{code}', 'fortran_order': False, 'shape': ({(shape.Count > 1 ? extents[..^2] : extents.TrimEnd())}), }}";
        int start = PrefixBytes + sizeof(ushort);
        int bytes = (start + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[bytes];
        Magic.CopyTo(header);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(PrefixBytes), (ushort)(bytes - start));
        header.AsSpan(start).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, header.AsSpan(start));
        header[^1] = (byte)'\n';
        return header;
    }

    [GeneratedRegex(@"^\{\s*'descr'\s*:\s*'(?<descr>[^']{1,16})'\s*,\s*'fortran_order'\s*:\s*(?<order>True|False)\s*,\s*'shape'\s*:\s*\((?<shape>[\d\s,]*)\)\s*,?\s*\}\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Dictionary();
}
