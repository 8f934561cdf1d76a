using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>A sentence about a person, cut before the pronoun.</summary>
/// <param name="Prompt">The sentence up to there.</param>
/// <param name="Woman">Whether "she" follows, else "he".</param>
internal sealed record PronounSentence(string Prompt, bool Woman);

/// <summary>
/// Sentences that call a person she or he. Of the ways to say it there is one for every person that the corpus never uses,
/// so that it can be tested in words that this was never told in.
/// </summary>
internal static class PronounTexts
{
    private static readonly string[] Ways =
    [
        "{A} said that {she} [was tired|liked the {place}|had {a thing}]",
        "{A} went to the {place}, and there {she} [found {a thing}|met a friend|waited]",
        "{A} thought that {she} [was late|knew the {place}|saw a {pet}]",
        "When {A} came home, {she} [was tired|made a cake|looked for the {pet}]",
    ];

    /// <summary>A text of the corpus: two sentences.</summary>
    public static string Draw(SeededRandom random) => $"{One(random)} {One(random)}";

    /// <summary>Every person in the words that were never used for this one.</summary>
    public static IEnumerable<PronounSentence> Unseen()
    {
        SeededRandom random = new(0);
        foreach (FablePerson person in FableWorld.People)
        {
            string prompt = Phrase.Fill(Phrase.Before(Ways[HeldOutWay(person)], "she"), random, Slots(random, person));
            yield return new PronounSentence(prompt, person.Woman);
        }
    }

    private static int HeldOutWay(FablePerson person) => person.Index % Ways.Length;

    private static string One(SeededRandom random)
    {
        FablePerson person = FableWorld.Somebody(random);
        int way = (HeldOutWay(person) + 1 + random.Next(Ways.Length - 1)) % Ways.Length;
        return $"{Phrase.Fill(Ways[way], random, Slots(random, person))}.";
    }

    private static Dictionary<string, string> Slots(SeededRandom random, FablePerson person) => new()
    {
        ["A"] = person.Name,
        ["she"] = person.She,
        ["place"] = random.Pick(FableWords.Places),
        ["a thing"] = FableWords.WithArticle(random.Pick(FableWords.Things)),
        ["pet"] = random.Pick(FableWords.Pets),
    };
}
