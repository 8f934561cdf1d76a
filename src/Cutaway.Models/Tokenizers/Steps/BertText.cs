using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>How BERT cleans a text before it is cut (Devlin et al. 2019, the published "BasicTokenizer").</summary>
internal static class BertText
{
    /// <summary>The step.</summary>
    /// <param name="clean">Whether control characters are dropped and all white space becomes spaces.</param>
    /// <param name="spaced">Whether spaces are put around Han characters, so that each is a word.</param>
    /// <param name="stripped">Whether accents are dropped.</param>
    /// <param name="lowered">Whether capitals become small letters.</param>
    public static Normalizer Normalizer(bool clean, bool spaced, bool stripped, bool lowered)
    {
        List<Normalizer> steps = [];
        if (clean || spaced)
        {
            steps.Add(text => Clean(text, clean, spaced));
        }

        if (stripped)
        {
            steps.Add(UnicodeForms.Normalizer(NormalizationForm.FormD));
            steps.Add(text => Normalizers.Drop(text, static rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark));
        }

        if (lowered)
        {
            steps.Add(Normalizers.Lowercase);
        }

        return Normalizers.Sequence(steps);
    }

    private static AlignedText Clean(AlignedText text, bool clean, bool spaced) => !text.Span.ContainsAnyExceptInRange(' ', '~') ? text : Normalizers.Rewrite(text, (rune, origin, builder) =>
    {
        if (spaced && IsHan(rune.Value))
        {
            builder.Append(' ', origin);
            builder.Append(rune, origin);
            builder.Append(' ', origin);
        }
        else if (!clean || !IsDropped(rune))
        {
            builder.Append(clean && Rune.IsWhiteSpace(rune) ? new Rune(' ') : rune, origin);
        }
    });

    private static bool IsDropped(Rune rune) => rune.Value is not ('\t' or '\n' or '\r')
        && (rune.Value == 0xFFFD || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    /// <summary>The blocks that BERT takes for Chinese; Japanese kana and Korean letters are words like others.</summary>
    private static bool IsHan(int point) => point is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
