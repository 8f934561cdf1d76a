namespace Cutaway.Decoding.Grammar;

/// <summary>A range of characters as ranges of bytes: the sequences of byte ranges whose UTF-8 is exactly the characters of the range.</summary>
internal static class Utf8Ranges
{
    /// <summary>The sequences of a range of code points; those of surrogates, which are no characters, are left out.</summary>
    public static IEnumerable<(byte From, byte To)[]> Of(int from, int to)
    {
        if (from <= 0xDFFF && to >= 0xD800)
        {
            return Of(from, 0xD7FF).Concat(Of(0xE000, to));
        }

        return from > to ? [] : Split(from, to);
    }

    // A range is one sequence if its ends have the same length, and from some byte on run over all continuation bytes.
    private static IEnumerable<(byte From, byte To)[]> Split(int from, int to)
    {
        foreach (int last in (ReadOnlySpan<int>)[0x7F, 0x7FF, 0xFFFF])
        {
            if (from <= last && to > last)
            {
                return Split(from, last).Concat(Split(last + 1, to));
            }
        }

        for (int bits = 6; to > 0x7F && bits <= 18; bits += 6)
        {
            int low = (1 << bits) - 1;
            if ((from & ~low) == (to & ~low))
            {
                break;
            }

            if ((from & low) != 0)
            {
                return Split(from, from | low).Concat(Split((from | low) + 1, to));
            }

            if ((to & low) != low)
            {
                return Split(from, (to & ~low) - 1).Concat(Split(to & ~low, to));
            }
        }

        byte[] first = Bytes(from);
        byte[] final = Bytes(to);
        return [[.. first.Zip(final)]];
    }

    private static byte[] Bytes(int codePoint) => codePoint switch
    {
        <= 0x7F => [(byte)codePoint],
        <= 0x7FF => [(byte)(0xC0 | (codePoint >> 6)), Continuation(codePoint, 0)],
        <= 0xFFFF => [(byte)(0xE0 | (codePoint >> 12)), Continuation(codePoint, 6), Continuation(codePoint, 0)],
        _ => [(byte)(0xF0 | (codePoint >> 18)), Continuation(codePoint, 12), Continuation(codePoint, 6), Continuation(codePoint, 0)],
    };

    private static byte Continuation(int codePoint, int shift) => (byte)(0x80 | ((codePoint >> shift) & 0x3F));
}
