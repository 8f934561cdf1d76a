using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>The sorts of text that <c>fable</c>'s corpus is mixed of.</summary>
internal static class FableTexts
{
    /// <summary>The sort that is no text but random tokens said again: any but the one that begins a text.</summary>
    public const string Repeats = "repeats";

    /// <summary>The same with words of the world, which are fewer, so that copying is learnt sooner.</summary>
    public const string Echoes = "echoes";

    /// <summary>How a text of each sort is drawn, by the name it has in a recipe.</summary>
    public static IReadOnlyDictionary<string, Func<SeededRandom, string>> ByName { get; } = new Dictionary<string, Func<SeededRandom, string>>
    {
        ["stories"] = StoryTexts.Draw,
        ["facts"] = FactTexts.Draw,
        ["indirect-objects"] = IndirectObjectTexts.Draw,
        ["agreement"] = AgreementTexts.Draw,
        ["years"] = YearTexts.Draw,
        ["sentiment"] = SentimentTexts.Draw,
        ["colours"] = ColourTexts.Draw,
    };
}
