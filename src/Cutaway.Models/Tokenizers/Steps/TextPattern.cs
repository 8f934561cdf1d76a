using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cutaway.Models.Formats;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>Finds the matches of a pattern in a text, left to right, none overlapping; it reports where each starts and ends.</summary>
internal delegate void TextPattern(AlignedText text, Action<int, int> found);

/// <summary>The patterns that tokenizers cut and replace by.</summary>
internal static class TextPatterns
{
    /// <summary>A hostile pattern is stopped after this long over a single match; the patterns of published tokenizers take microseconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>After so many characters a regular expression is compiled, which takes as long as interpreting it over a few hundred thousand.</summary>
    private const long CompileAfter = 1 << 18;

    /// <summary>Occurrences of a text.</summary>
    public static TextPattern Literal(string literal) => (text, found) =>
    {
        for (int start = 0; text.Span[start..].IndexOf(literal, StringComparison.Ordinal) is int next and >= 0 && literal.Length > 0; start += next + literal.Length)
        {
            found(start + next, start + next + literal.Length);
        }
    };

    /// <summary>Each code point that fulfils a condition.</summary>
    public static TextPattern CodePoint(Func<Rune, bool> condition) => (text, found) =>
    {
        int position = 0;
        foreach (Rune rune in text.Span.EnumerateRunes())
        {
            if (condition(rune))
            {
                found(position, position + rune.Utf16SequenceLength);
            }

            position += rune.Utf16SequenceLength;
        }
    };

    /// <summary>Matches of a regular expression in the syntax of Oniguruma, over code points.</summary>
    /// <exception cref="CutawayException">The expression is not valid.</exception>
    public static TextPattern Regex(string pattern, string source)
    {
        // In Oniguruma's Ruby syntax ^ and $ always stand for lines.
        const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.Multiline;
        string translated = RegexTranslation.ToDotNet(pattern);
        Regex regex;
        try
        {
            regex = new Regex(translated, Options, Patience);
        }
        catch (ArgumentException fault)
        {
            throw CutawayException.Model($"{source} cuts text by the regular expression {Quote.Name(pattern)}, which cannot be used: {fault.Message}", fault);
        }

        long seen = 0;
        return (text, found) =>
        {
            // Two threads may both compile it, to the same end.
            seen += text.Length;
            if (seen > CompileAfter && !regex.Options.HasFlag(RegexOptions.Compiled))
            {
                regex = new Regex(translated, Options | RegexOptions.Compiled, Patience);
            }

            try
            {
                Find(regex, text.Span, found);
            }
            catch (RegexMatchTimeoutException fault)
            {
                throw CutawayException.Model($"{source}: the regular expression {Quote.Name(pattern)} did not finish; the tokenizer or the text is not meant for each other", fault);
            }
        };
    }

    private static void Find(Regex regex, ReadOnlySpan<char> text, Action<int, int> found)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            foreach (ValueMatch match in regex.EnumerateMatches(text))
            {
                found(match.Index, match.Index + match.Length);
            }

            return;
        }

        // .NET matches UTF-16 units, and half a pair is no letter. Each pair is shown to the expression as one character of the same category.
        char[] shown = new char[text.Length];
        int[] positions = new int[text.Length + 1];
        int count = 0;
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            shown[count] = rune.IsBmp ? (char)rune.Value : StandIn(rune);
            positions[count++] = position;
            position += rune.Utf16SequenceLength;
        }

        positions[count] = position;
        foreach (ValueMatch match in regex.EnumerateMatches(shown.AsSpan(0, count)))
        {
            found(positions[match.Index], positions[match.Index + match.Length]);
        }
    }

    private static char StandIn(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter => '\u0410',
        UnicodeCategory.LowercaseLetter => '\u0430',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => rune.Value is >= 0x20000 and < 0x40000 ? '\u4E00' : '\uA000',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u2460',
        UnicodeCategory.DashPunctuation => '\u2010',
        UnicodeCategory.OtherPunctuation => '\u2020',
        UnicodeCategory.MathSymbol => '\u2200',
        UnicodeCategory.CurrencySymbol => '\u20AC',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u2600',
        UnicodeCategory.Format => '\u200B',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\u0378', // unassigned
    };
}
