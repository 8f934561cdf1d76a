using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>
/// Unicode's normal forms (Unicode Standard 15.0, section 3.11) that keep track of where each character came from. The reference counts: a character adds to those of the
/// text, stands for one of them, or for one and some that follow it; origins are then dealt out from left to right, also where marks were sorted.
/// </summary>
internal static class UnicodeForms
{
    // Hangul syllables by formula (Unicode Standard 15.0, section 3.12): leading consonant, vowel and final, from these bases and with these counts.
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, FinalBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Finals = 28;

    /// <summary>The step for a form.</summary>
    public static Normalizer Normalizer(NormalizationForm form)
    {
        bool compatible = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        bool composes = form is NormalizationForm.FormC or NormalizationForm.FormKC;

        // Below these no character changes.
        char first = compatible ? '\u00A0' : composes ? '\u0300' : '\u00C0';
        return text => text.Span.ContainsAnyInRange(first, '\uFFFF') ? Apply(text, compatible, composes) : text;
    }

    private static AlignedText Apply(AlignedText text, bool compatible, bool composes)
    {
        List<(int Start, int End)> origins = new(text.Length);
        List<Part> parts = new(text.Length);
        int position = 0;
        foreach (Rune rune in text.Span.EnumerateRunes())
        {
            int end = position + rune.Utf16SequenceLength;
            origins.Add(text.Origin(position, end));
            int count = parts.Count;
            Decompose(rune.Value, compatible, parts);
            parts[count] = parts[count] with { Change = 0 };
            position = end;
        }

        SortMarks(parts);
        return Align(composes ? Compose(parts) : parts, origins, text.Length);
    }

    /// <summary>Appends the parts of a code point, each counted as one more than the text had.</summary>
    private static void Decompose(int point, bool compatible, List<Part> parts)
    {
        if (point - SyllableBase is >= 0 and < Leads * Vowels * Finals and int syllable)
        {
            parts.Add(new Part(LeadBase + (syllable / (Vowels * Finals)), 0, 1));
            parts.Add(new Part(VowelBase + (syllable / Finals % Vowels), 0, 1));
            if (syllable % Finals > 0)
            {
                parts.Add(new Part(FinalBase + (syllable % Finals), 0, 1));
            }
        }
        else if (UnicodeTable.Instance.Decomposition(point, compatible) is { } inner)
        {
            foreach (int part in inner)
            {
                Decompose(part, compatible, parts);
            }
        }
        else
        {
            parts.Add(new Part(point, UnicodeTable.Instance.Class(point), 1));
        }
    }

    /// <summary>Puts each run of marks in the order of their classes, equal ones as they stood.</summary>
    private static void SortMarks(List<Part> parts)
    {
        for (int start = 0; start < parts.Count; start++)
        {
            int end = start;
            while (end < parts.Count && parts[end].Class != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                Part[] sorted = [.. parts[start..end].OrderBy(part => part.Class)];
                for (int i = 0; i < sorted.Length; i++)
                {
                    parts[start + i] = sorted[i];
                }
            }

            start = Math.Max(start, end - 1);
        }
    }

    private static List<Part> Compose(List<Part> parts)
    {
        List<Part> composed = new(parts.Count);
        int starter = -1;
        foreach (Part part in parts)
        {
            // A mark is blocked from its starter by one between them of the same class or a higher one.
            int between = starter >= 0 && starter < composed.Count - 1 ? composed[^1].Class : -1;
            if (starter >= 0 && between < part.Class && Pair(composed[starter].Point, part.Point) is { } pair)
            {
                composed[starter] = new Part(pair, 0, composed[starter].Change + part.Change - 1);
                continue;
            }

            starter = part.Class == 0 ? composed.Count : starter;
            composed.Add(part);
        }

        return composed;
    }

    private static int? Pair(int first, int second)
    {
        if (first - LeadBase is >= 0 and < Leads and int lead && second - VowelBase is >= 0 and < Vowels and int vowel)
        {
            return SyllableBase + (((lead * Vowels) + vowel) * Finals);
        }

        return first - SyllableBase is >= 0 and < Leads * Vowels * Finals and int syllable && syllable % Finals == 0 && second - FinalBase is > 0 and < Finals and int final
            ? first + final
            : UnicodeTable.Instance.Composition(first, second);
    }

    private static AlignedText Align(List<Part> parts, List<(int Start, int End)> origins, int capacity)
    {
        AlignedTextBuilder builder = new(capacity);
        int next = 0;
        foreach (Part part in parts)
        {
            // An added character counts as the one before it.
            builder.Append(new Rune(part.Point), origins[part.Change > 0 ? Math.Max(0, next - 1) : next]);
            next += part.Change > 0 ? 0 : 1 - part.Change;
        }

        return builder.Build();
    }

    /// <summary>A code point, its combining class, and how many characters it adds to those of the text (below 0: replaces beyond the first).</summary>
    private readonly record struct Part(int Point, byte Class, int Change);
}
