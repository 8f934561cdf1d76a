using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>The steps that change a text before it is cut.</summary>
internal static class Normalizers
{
    /// <summary>Nothing changes.</summary>
    public static Normalizer None { get; } = static text => text;

    /// <summary>One after another.</summary>
    public static Normalizer Sequence(IEnumerable<Normalizer> steps)
    {
        Normalizer[] all = [.. steps];
        return text =>
        {
            foreach (Normalizer step in all)
            {
                text = step(text);
            }

            return text;
        };
    }

    /// <summary>Puts a text in front of one that is not empty; it counts as part of the first character.</summary>
    public static AlignedText Prepend(AlignedText text, string prefix)
    {
        if (text.Length == 0)
        {
            return text;
        }

        Rune.DecodeFromUtf16(text.Span, out _, out int first);
        AlignedTextBuilder builder = new(prefix.Length + text.Length);
        builder.Append(prefix, text.Origin(0, first));
        builder.Append(text);
        return builder.Build();
    }

    /// <summary>Writes <paramref name="content"/> for each match; it counts as the last character of what it replaces.</summary>
    public static AlignedText Replace(AlignedText text, TextPattern pattern, string content)
    {
        AlignedTextBuilder? builder = null;
        int last = 0;
        pattern(text, (start, end) =>
        {
            builder ??= new AlignedTextBuilder(text.Length);
            builder.Append(text.Slice(last, start - last));
            if (end > start)
            {
                Rune.DecodeLastFromUtf16(text.Span[start..end], out _, out int length);
                builder.Append(content, text.Origin(end - length, end));
            }

            last = end;
        });
        if (builder is null)
        {
            return text;
        }

        builder.Append(text.Slice(last, text.Length - last));
        return builder.Build();
    }

    /// <summary>Lower case by Unicode's full mapping, whatever the language.</summary>
    public static AlignedText Lowercase(AlignedText text) => Ascii.IsValid(text.Span)
        ? text.With(text.Span.ToString().ToLowerInvariant())
        : Rewrite(text, static (rune, origin, builder) =>
        {
            // The one capital whose lower case is two characters.
            if (rune.Value == 'İ')
            {
                builder.Append("i\u0307", origin);
            }
            else
            {
                builder.Append(Rune.ToLowerInvariant(rune), origin);
            }
        });

    /// <summary>Drops all marks.</summary>
    public static AlignedText StripAccents(AlignedText text) => Drop(text, static rune =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark);

    /// <summary>Drops white space at either end.</summary>
    public static Normalizer Strip(bool left, bool right) => text =>
    {
        ReadOnlySpan<char> span = text.Span;
        int start = left ? span.Length - span.TrimStart().Length : 0;
        int end = right ? span.TrimEnd().Length : span.Length;
        return text.Slice(start, Math.Max(0, end - start));
    };

    /// <summary>The rules of neural machine translation in SentencePiece: some control characters are dropped, all kinds of spaces and breaks become spaces.</summary>
    public static AlignedText Nmt(AlignedText text) => !text.Span.ContainsAnyExceptInRange(' ', '~') ? text : Rewrite(text, static (rune, origin, builder) =>
    {
        if (rune.Value is not ((>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F))
        {
            bool isSpace = rune.Value is '\t' or '\n' or '\f' or '\r' or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
            builder.Append(isSpace ? new Rune(' ') : rune, origin);
        }
    });

    /// <summary>Drops the marks, or other characters beyond ASCII, that fulfil a condition.</summary>
    public static AlignedText Drop(AlignedText text, Func<Rune, bool> condition) => Ascii.IsValid(text.Span)
        ? text
        : Rewrite(text, (rune, origin, builder) =>
        {
            if (!condition(rune))
            {
                builder.Append(rune, origin);
            }
        });

    /// <summary>Writes a text anew, code point by code point.</summary>
    /// <param name="text">The text.</param>
    /// <param name="write">Is given each code point and where it came from, and appends what stands for it.</param>
    public static AlignedText Rewrite(AlignedText text, Action<Rune, (int Start, int End), AlignedTextBuilder> write)
    {
        AlignedTextBuilder builder = new(text.Length);
        int position = 0;
        foreach (Rune rune in text.Span.EnumerateRunes())
        {
            int end = position + rune.Utf16SequenceLength;
            write(rune, text.Origin(position, end), builder);
            position = end;
        }

        return builder.Build();
    }
}
