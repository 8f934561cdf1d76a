using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>Things of different colours on a table, and which colour each has.</summary>
internal static class ColourTexts
{
    /// <summary>How many things there are.</summary>
    public const int Count = 3;

    /// <summary>A text of the corpus.</summary>
    public static string Draw(SeededRandom random)
    {
        string[] things = Distinct(random, FableWords.Things);
        string[] colours = Distinct(random, FableWords.Colours);
        int asked = random.Next(Count);
        int then = (asked + 1 + random.Next(Count - 1)) % Count;
        return $"{Question(colours, things, asked)} {colours[asked]}. The {things[then]} is {colours[then]}.";
    }

    /// <summary>Three things and their colours, and a sentence cut before the colour of one of them.</summary>
    public static string Question(IReadOnlyList<string> colours, IReadOnlyList<string> things, int asked) =>
        $"On the table there are a {colours[0]} {things[0]}, a {colours[1]} {things[1]} and a {colours[2]} {things[2]}. The colour of the {things[asked]} is";

    /// <summary>Three different words.</summary>
    public static string[] Distinct(SeededRandom random, IReadOnlyList<string> words)
    {
        List<string> left = [.. words];
        string[] drawn = new string[Count];
        for (int i = 0; i < Count; i++)
        {
            int at = random.Next(left.Count);
            drawn[i] = left[at];
            left.RemoveAt(at);
        }

        return drawn;
    }
}
