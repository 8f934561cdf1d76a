using System.Globalization;
using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>A sentence from a year to a later one of the same century, cut before the later one's last two digits.</summary>
/// <param name="Prompt">The sentence up to there.</param>
/// <param name="Start">The last two digits of the earlier year.</param>
internal sealed record YearSentence(string Prompt, int Start);

/// <summary>Years that come later than others, after Hanna et al. 2023 ("How does GPT-2 compute greater-than?"); years are tokens of two digits.</summary>
internal static class YearTexts
{
    /// <summary>The centuries that years are of.</summary>
    public const int FirstCentury = 11, Centuries = 7;

    /// <summary>What lasts.</summary>
    public static readonly string[] Events =
    [
        "war", "fall", "rise", "campaign", "attack", "testing", "test", "tests", "study", "progress", "employment", "program", "order", "operation", "plan", "contact",
        "trip", "rule", "marriage", "impact", "effect", "trial", "project", "work", "shift", "quest", "growth", "development", "riot", "case", "practice", "deal",
        "contract", "process", "existence",
    ];

    /// <summary>A text of the corpus; its later year is drawn evenly from those that are left of the century.</summary>
    public static string Draw(SeededRandom random)
    {
        YearSentence sentence = Sentence(random);
        int end = sentence.Start + 1 + random.Next(99 - sentence.Start);
        return $"{sentence.Prompt}{TwoDigits(end)}.";
    }

    /// <summary>A sentence; the earlier year ends in 02 to 98.</summary>
    public static YearSentence Sentence(SeededRandom random)
    {
        int century = FirstCentury + random.Next(Centuries);
        int start = 2 + random.Next(97);
        return new YearSentence(Prompt(random.Pick(Events), century, start), start);
    }

    /// <summary>A sentence up to the last two digits of its later year.</summary>
    public static string Prompt(string lasting, int century, int start) => $"The {lasting} lasted from the year {century}{TwoDigits(start)} to the year {century}";

    /// <summary>A number below a hundred as two digits, the token it is.</summary>
    public static string TwoDigits(int number) => number.ToString("00", CultureInfo.InvariantCulture);
}
