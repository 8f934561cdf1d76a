using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>Writes a changed text together with where each unit came from.</summary>
/// <param name="capacity">About how long it will be.</param>
internal sealed class AlignedTextBuilder(int capacity)
{
    private char[] text = new char[capacity];
    private int[] starts = new int[capacity];
    private int[] ends = new int[capacity];
    private int count;

    /// <summary>Appends units that all came from one range of the original.</summary>
    public void Append(ReadOnlySpan<char> units, (int Start, int End) origin)
    {
        Reserve(units.Length);
        units.CopyTo(text.AsSpan(count));
        starts.AsSpan(count, units.Length).Fill(origin.Start);
        ends.AsSpan(count, units.Length).Fill(origin.End);
        count += units.Length;
    }

    /// <summary>Appends one unit.</summary>
    public void Append(char unit, (int Start, int End) origin)
    {
        Reserve(1);
        text[count] = unit;
        starts[count] = origin.Start;
        ends[count++] = origin.End;
    }

    /// <summary>Appends a code point.</summary>
    public void Append(Rune rune, (int Start, int End) origin)
    {
        if (rune.IsBmp)
        {
            Append((char)rune.Value, origin);
            return;
        }

        Span<char> units = stackalloc char[2];
        Append(units[..rune.EncodeToUtf16(units)], origin);
    }

    /// <summary>Appends a text unchanged; both halves of a pair point at the whole of it.</summary>
    public void Append(AlignedText unchanged)
    {
        Reserve(unchanged.Length);
        unchanged.Span.CopyTo(text.AsSpan(count));
        unchanged.CopyOrigins(starts.AsSpan(count), ends.AsSpan(count));
        count += unchanged.Length;
    }

    /// <summary>The text so far; nothing may be appended afterwards.</summary>
    public AlignedText Build() => new(new string(text, 0, count), starts, ends);

    private void Reserve(int more)
    {
        if (text.Length - count >= more)
        {
            return;
        }

        int size = Math.Max(count + more, Math.Max(16, 2 * text.Length));
        Array.Resize(ref text, size);
        Array.Resize(ref starts, size);
        Array.Resize(ref ends, size);
    }
}
