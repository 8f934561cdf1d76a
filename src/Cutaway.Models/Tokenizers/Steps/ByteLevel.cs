using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>
/// The byte alphabet of GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2): each byte is one visible character,
/// printable Latin-1 as itself and the other 68 bytes as U+0100 upwards, so that any text is words over 256 letters.
/// </summary>
internal static class ByteLevel
{
    /// <summary>The character of a space.</summary>
    public const char Space = 'Ġ';

    /// <summary>The pattern that GPT-2 cuts words by.</summary>
    public const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly char[] Letters = MakeLetters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The letters, by the byte that each stands for.</summary>
    public static IReadOnlyList<char> Alphabet => Letters;

    /// <summary>Writes a text in the byte alphabet; every byte of a character points at the whole character.</summary>
    public static AlignedText Encode(AlignedText text)
    {
        ReadOnlySpan<char> span = text.Span;
        if (Ascii.IsValid(span))
        {
            return text.With(string.Create(span.Length, text, static (letters, source) =>
            {
                ReadOnlySpan<char> units = source.Span;
                for (int i = 0; i < letters.Length; i++)
                {
                    letters[i] = Letters[units[i]];
                }
            }));
        }

        AlignedTextBuilder builder = new(span.Length * 2);
        Span<byte> bytes = stackalloc byte[4];
        int position = 0;
        foreach (Rune rune in span.EnumerateRunes())
        {
            (int, int) origin = text.Origin(position, position + rune.Utf16SequenceLength);
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                builder.Append(Letters[value], origin);
            }

            position += rune.Utf16SequenceLength;
        }

        return builder.Build();
    }

    /// <summary>The bytes that a token stands for; a token with any character outside the alphabet, such as an added one, stands for itself.</summary>
    public static void Decode(string token, List<byte> into)
    {
        foreach (char letter in token)
        {
            if (letter >= Bytes.Length || Bytes[letter] < 0)
            {
                into.AddRange(Encoding.UTF8.GetBytes(token));
                return;
            }
        }

        foreach (char letter in token)
        {
            into.Add((byte)Bytes[letter]);
        }
    }

    /// <summary>How many characters at the start, or at the end, of a token are white space.</summary>
    public static int Spaces(string token, bool atEnd)
    {
        int count = 0;
        while (count < token.Length && token[atEnd ? token.Length - 1 - count : count] is char letter && (letter == Space || char.IsWhiteSpace(letter)))
        {
            count++;
        }

        return count;
    }

    private static char[] MakeLetters()
    {
        char[] letters = new char[256];
        int others = 0;
        for (int value = 0; value < letters.Length; value++)
        {
            letters[value] = value is (>= '!' and <= '~') or (>= '¡' and <= '¬') or (>= '®' and <= 'ÿ') ? (char)value : (char)(256 + others++);
        }

        return letters;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[256 + 68];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < Letters.Length; value++)
        {
            bytes[Letters[value]] = (short)value;
        }

        return bytes;
    }
}
