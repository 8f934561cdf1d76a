using Cutaway.Organisms.Fable;
using Cutaway.Tensors;

namespace Cutaway.Data;

/// <summary>Three things of different colours, of which one's colour is asked (Merullo et al. 2024); corrupted, another's.</summary>
internal static class ColourPairs
{
    // "a apple" would be no English.
    private static readonly string[] Things = [.. FableWords.Things.Where(thing => FableWords.WithArticle(thing).StartsWith("a ", StringComparison.Ordinal))];

    /// <summary>A pair.</summary>
    public static PromptPair Draw(SeededRandom random)
    {
        string[] things = ColourTexts.Distinct(random, Things);
        string[] colours = ColourTexts.Distinct(random, FableWords.Colours);
        int asked = random.Next(ColourTexts.Count);
        int other = (asked + 1 + random.Next(ColourTexts.Count - 1)) % ColourTexts.Count;
        return new PromptPair(
            ColourTexts.Question(colours, things, asked), ColourTexts.Question(colours, things, other), $" {colours[asked]}", $" {colours[other]}");
    }
}
