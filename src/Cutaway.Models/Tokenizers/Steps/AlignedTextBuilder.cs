using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>Writes a changed text together with where each unit came from.</summary>
internal sealed class AlignedTextBuilder(int capacity)
{
    private readonly StringBuilder text = new(capacity);
    private readonly List<int> starts = new(capacity);
    private readonly List<int> ends = new(capacity);

    /// <summary>Appends units that all came from one range of the original.</summary>
    public void Append(ReadOnlySpan<char> units, (int Start, int End) origin)
    {
        text.Append(units);
        for (int i = 0; i < units.Length; i++)
        {
            starts.Add(origin.Start);
            ends.Add(origin.End);
        }
    }

    /// <summary>Appends one unit.</summary>
    public void Append(char unit, (int Start, int End) origin)
    {
        text.Append(unit);
        starts.Add(origin.Start);
        ends.Add(origin.End);
    }

    /// <summary>Appends a code point.</summary>
    public void Append(Rune rune, (int Start, int End) origin)
    {
        Span<char> units = stackalloc char[2];
        Append(units[..rune.EncodeToUtf16(units)], origin);
    }

    /// <summary>Appends a text unchanged, code point by code point, so that both halves of a pair point at the whole of it.</summary>
    public void Append(AlignedText unchanged)
    {
        ReadOnlySpan<char> span = unchanged.Span;
        for (int i = 0; i < span.Length;)
        {
            int length = char.IsHighSurrogate(span[i]) && i + 1 < span.Length ? 2 : 1;
            Append(span.Slice(i, length), unchanged.Origin(i, i + length));
            i += length;
        }
    }

    /// <summary>The text so far.</summary>
    public AlignedText Build() => new(text.ToString(), [.. starts], [.. ends]);
}
