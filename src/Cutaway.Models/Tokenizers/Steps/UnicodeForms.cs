using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>
/// Unicode's normal forms (UAX #15) with the origin of each character: a composed character counts as the first of those it was made of,
/// the characters of a decomposition as the one they were made of.
/// </summary>
internal static class UnicodeForms
{
    /// <summary>The step for a form.</summary>
    public static Normalizer Normalizer(NormalizationForm form)
    {
        bool composes = form is NormalizationForm.FormC or NormalizationForm.FormKC;
        NormalizationForm decomposition = form is NormalizationForm.FormKC or NormalizationForm.FormKD ? NormalizationForm.FormKD : NormalizationForm.FormD;
        return text => Ascii.IsValid(text.Span) || text.Span.IsNormalized(form) ? text : Apply(text, decomposition, composes ? form : decomposition);
    }

    private static AlignedText Apply(AlignedText text, NormalizationForm decomposition, NormalizationForm form)
    {
        AlignedTextBuilder builder = new(text.Length);
        List<(Rune Rune, (int, int) Origin)> cluster = [];
        int position = 0;
        foreach (Rune rune in text.Span.EnumerateRunes())
        {
            int end = position + rune.Utf16SequenceLength;
            (int, int) origin = text.Origin(position, end);
            bool first = true;
            foreach (Rune part in rune.ToString().Normalize(decomposition).EnumerateRunes())
            {
                if (first && !Joins(part))
                {
                    Flush(cluster, form, decomposition, builder);
                }

                first = false;
                cluster.Add((part, origin));
            }

            position = end;
        }

        Flush(cluster, form, decomposition, builder);
        return builder.Build();
    }

    /// <summary>Whether a character may compose with, or be sorted among, those before it: marks, and the vowels and finals of Hangul.</summary>
    private static bool Joins(Rune rune) => rune.Value is >= 0x1160 and <= 0x11FF || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>Writes a base character and its marks; the parts of what comes out are looked up among the parts that went in.</summary>
    private static void Flush(List<(Rune Rune, (int, int) Origin)> cluster, NormalizationForm form, NormalizationForm decomposition, AlignedTextBuilder builder)
    {
        if (cluster.Count == 0)
        {
            return;
        }

        string parts = string.Concat(cluster.Select(part => part.Rune.ToString()));
        foreach (Rune composed in parts.Normalize(form).EnumerateRunes())
        {
            (int, int)? origin = null;
            foreach (Rune part in composed.ToString().Normalize(decomposition).EnumerateRunes())
            {
                int found = cluster.FindIndex(candidate => candidate.Rune == part);
                origin ??= cluster[found].Origin;
                cluster.RemoveAt(found);
            }

            builder.Append(composed, origin!.Value);
        }

        cluster.Clear();
    }
}
