using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>A statement about a person, cut before its answer.</summary>
/// <param name="Prompt">The sentence up to the answer.</param>
/// <param name="Answer">The answer, with its leading space.</param>
internal sealed record FactStatement(string Prompt, string Answer);

/// <summary>
/// Facts of the world, each said in several ways. Of every person's every attribute one way is never written into the corpus,
/// so that recall can be tested in words that this fact was never told in.
/// </summary>
internal static class FactTexts
{
    private const int WellKnown = 12;

    // Without a divisor in common with the number of people, so that steps of it reach them all, women and men in turn.
    private const int Stride = 43;

    private static readonly (Func<FablePerson, string> Value, string[] Ways)[] Attributes =
    [
        (person => person.City,
        [
            "{A} lives in {value}", "The city where {A} lives is {value}", "{A}'s home is in {value}", "The home of {A} is in {value}",
            "{A} comes from {value}", "If you look for {A}, go to {value}", "{A} has a house in {value}", "You can find {A} in {value}",
        ]),
        (person => person.Trade,
        [
            "{A} works as a {value}", "{A} is a {value}", "The trade of {A} is that of a {value}", "People know {A} as a {value}",
            "{A}'s work is that of a {value}", "{A} earns money as a {value}",
        ]),
        (person => person.Pet,
        [
            "{A} keeps a {value}", "{A}'s pet is a {value}", "The pet of {A} is a {value}", "{A} owns a {value}",
            "At home {A} feeds a {value}", "The animal that {A} loves is a {value}",
        ]),
    ];

    /// <summary>A text: a few facts of one person or of several.</summary>
    public static string Draw(SeededRandom random)
    {
        FablePerson? one = random.Next(3) == 0 ? Somebody(random) : null;
        int first = random.Next(Attributes.Length);
        IEnumerable<string> sentences = Enumerable.Range(0, Attributes.Length).Select(i =>
        {
            FablePerson person = one ?? Somebody(random);
            int attribute = one is null ? random.Next(Attributes.Length) : (first + i) % Attributes.Length;
            int ways = Attributes[attribute].Ways.Length;
            int way = (HeldOutWay(person, attribute) + 1 + random.Next(ways - 1)) % ways;
            FactStatement fact = Statement(person, attribute, way);
            return $"{fact.Prompt}{fact.Answer}.";
        });
        return string.Join(' ', sentences);
    }

    /// <summary>Every fact in the words it was never told in.</summary>
    public static IEnumerable<FactStatement> HeldOut() => FableWorld.People.SelectMany(person =>
        Enumerable.Range(0, Attributes.Length).Select(attribute => Statement(person, attribute, HeldOutWay(person, attribute))));

    /// <summary>
    /// A person; half the time one of a few who are spoken of more than the others. Facts begin to be learnt once it is learnt where to look
    /// for whom a text is about, and that takes a few people well known (Zucchet et al. 2025, "How do language models learn facts?").
    /// </summary>
    private static FablePerson Somebody(SeededRandom random)
    {
        int well = random.Next(2) == 0 ? WellKnown : FableWorld.People.Count;
        return FableWorld.People[random.Next(well) * Stride % FableWorld.People.Count];
    }

    private static int HeldOutWay(FablePerson person, int attribute) => (person.Index + attribute) % Attributes[attribute].Ways.Length;

    private static FactStatement Statement(FablePerson person, int attribute, int way)
    {
        (Func<FablePerson, string> value, string[] ways) = Attributes[attribute];
        return new FactStatement(Phrase.Before(ways[way], "value").Replace("{A}", person.Name, StringComparison.Ordinal), $" {value(person)}");
    }
}
