using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>
/// SentencePiece's compiled normalisation rules: four bytes with the length of a double-array trie (Aoe 1989, "An Efficient Digital Search Algorithm by Using a Double-Array
/// Structure"; the units are those of the library darts-clone) of the UTF-8 of what is replaced, that trie, and the replacements, each ended by a zero byte, which its numbers point into.
/// </summary>
internal sealed class CharacterMap
{
    private const int LongestCluster = 5;

    private readonly uint[] units;
    private readonly byte[] replacements;

    private CharacterMap(uint[] units, byte[] replacements)
    {
        this.units = units;
        this.replacements = replacements;
    }

    /// <summary>Reads the rules.</summary>
    /// <param name="data">The rules as they stand in the file.</param>
    /// <param name="source">The file, for messages.</param>
    /// <exception cref="CutawayException">They are cut short, or the trie is no whole number of units.</exception>
    public static CharacterMap Read(ReadOnlySpan<byte> data, string source)
    {
        uint length = data.Length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (length > data.Length - 4 || length % 4 != 0 || length == 0)
        {
            throw CutawayException.Model($"the normalisation rules in {source} have {data.Length} bytes and cannot be read: a length, a trie of so many bytes and its texts were expected");
        }

        uint[] units = new uint[length / 4];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(data[(4 + (4 * i))..]);
        }

        return new CharacterMap(units, data[(4 + (int)length)..].ToArray());
    }

    /// <summary>
    /// Replaces by the rules. As in the reference, a short cluster of characters that make up one sign on the screen is looked up whole and then character by character, and the
    /// shortest rule that fits counts. Every unit of a replacement comes from all that it replaces.
    /// </summary>
    public AlignedText Normalize(AlignedText text)
    {
        ReadOnlySpan<char> span = text.Span;
        AlignedTextBuilder builder = new(span.Length);
        for (int start = 0; start < span.Length;)
        {
            int length = span[start] < 0x80 && (start + 1 == span.Length || span[start + 1] < 0x80) && span[start] != '\r' ? 1 : StringInfo.GetNextTextElementLength(span[start..]);
            ReadOnlySpan<char> cluster = span.Slice(start, length);
            if (Encoding.UTF8.GetByteCount(cluster) <= LongestCluster && Find(cluster) is { } whole)
            {
                builder.Append(whole, text.Origin(start, start + length));
            }
            else
            {
                for (int at = start; at < start + length;)
                {
                    int character = char.IsHighSurrogate(span[at]) ? 2 : 1;
                    ReadOnlySpan<char> single = span.Slice(at, character);
                    builder.Append(Find(single) ?? single, text.Origin(at, at + character));
                    at += character;
                }
            }

            start += length;
        }

        return builder.Build();
    }

    /// <summary>What the shortest rule makes of the start of a text, or null.</summary>
    private string? Find(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[8];
        int count = Encoding.UTF8.GetBytes(text, utf8);
        uint node = Offset(units[0]);
        foreach (byte value in utf8[..count])
        {
            node ^= value;
            if (value == 0 || node >= units.Length || Label(units[node]) != value)
            {
                return null;
            }

            bool ends = HasLeaf(units[node]);
            node ^= Offset(units[node]);
            if (ends)
            {
                return node < units.Length ? TextAt((int)(units[node] & int.MaxValue)) : null;
            }
        }

        return null;
    }

    private string TextAt(int start)
    {
        ReadOnlySpan<byte> rest = replacements.AsSpan(Math.Min(start, replacements.Length));
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    // A unit holds a label in its lowest byte (with the highest bit set it is a value, not a node), in bit 8 whether a value hangs from it, and in bits 10 to 30 the distance
    // to its children, times 256 if bit 9 is set.
    private static uint Label(uint unit) => unit & 0x8000_00FF;

    private static bool HasLeaf(uint unit) => (unit & 0x100) != 0;

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
