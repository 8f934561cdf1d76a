namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>
/// A text on its way through a tokenizer that still knows, for each of its UTF-16 units, which part of the original it came from.
/// Steps that only cut share one buffer; a text that was not changed carries no table.
/// </summary>
internal readonly struct AlignedText
{
    private readonly string buffer;
    private readonly int offset;
    private readonly int shift;
    private readonly int[]? starts;
    private readonly int[]? ends;

    /// <summary>The original text itself.</summary>
    public AlignedText(string original)
        : this(original, 0, original.Length, 0, null, null)
    {
    }

    /// <summary>A changed text: unit <c>i</c> came from <c>starts[i]</c> up to <c>ends[i]</c> of the original; the arrays may be longer.</summary>
    public AlignedText(string text, int[] starts, int[] ends)
        : this(text, 0, text.Length, 0, starts, ends)
    {
    }

    private AlignedText(string buffer, int offset, int length, int shift, int[]? starts, int[]? ends)
    {
        this.buffer = buffer;
        this.offset = offset;
        this.shift = shift;
        this.starts = starts;
        this.ends = ends;
        Length = length;
    }

    /// <summary>Its length in UTF-16 units.</summary>
    public int Length { get; }

    /// <summary>Its units.</summary>
    public ReadOnlySpan<char> Span => buffer.AsSpan(offset, Length);

    /// <summary>A part of it.</summary>
    public AlignedText Slice(int start, int length) => new(buffer, offset + start, length, shift, starts, ends);

    /// <summary>The same alignment under another text of the same length.</summary>
    public AlignedText With(string text) => starts is null
        ? new AlignedText(text, 0, text.Length, shift + offset, null, null)
        : new AlignedText(text, starts[offset..(offset + Length)], ends![offset..(offset + Length)]);

    /// <summary>Writes where each unit came from; both halves of a pair come from the whole of it.</summary>
    public void CopyOrigins(Span<int> startsTo, Span<int> endsTo)
    {
        if (starts is not null)
        {
            starts.AsSpan(offset, Length).CopyTo(startsTo);
            ends.AsSpan(offset, Length).CopyTo(endsTo);
            return;
        }

        ReadOnlySpan<char> span = Span;
        for (int i = 0; i < span.Length; i++)
        {
            bool second = char.IsLowSurrogate(span[i]) && i > 0;
            bool first = char.IsHighSurrogate(span[i]) && i + 1 < span.Length;
            startsTo[i] = shift + offset + i - (second ? 1 : 0);
            endsTo[i] = shift + offset + i + (first ? 2 : 1);
        }
    }

    /// <summary>Where the units from <paramref name="start"/> up to <paramref name="end"/>, at least one, came from.</summary>
    public (int Start, int End) Origin(int start, int end) => starts is null
        ? (shift + offset + start, shift + offset + end)
        : (starts[offset + start], ends![offset + end - 1]);
}
