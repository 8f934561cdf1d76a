using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>A sentence that two people are in and one gives something to the other, cut before the other's name.</summary>
/// <param name="Prompt">The sentence up to the receiver's second mention.</param>
/// <param name="Receiver">The answer, with its leading space.</param>
/// <param name="Giver">The name said twice, with its leading space.</param>
internal sealed record IndirectObjectSentence(string Prompt, string Receiver, string Giver);

/// <summary>
/// Sentences whose last word is the indirect object, after Wang et al. 2023 ("Interpretability in the Wild", appendix E), in other words:
/// either name may come first. A tenth of the pairs of names, and some names, never occur in one.
/// </summary>
internal static class IndirectObjectTexts
{
    /// <summary>The sentences: A and B in either order, S the giver, R the receiver.</summary>
    public static readonly string[] Templates =
    [
        "When {A} and {B} went to the {place}, {S} gave {a thing} to {R}",
        "When {A} and {B} got {a thing} at the {place}, {S} decided to give it to {R}",
        "After {A} and {B} went to the {place}, {S} gave {a thing} to {R}",
        "After {A} and {B} came back from the {place}, {S} handed {a thing} to {R}",
        "While {A} and {B} were working at the {place}, {S} gave {a thing} to {R}",
        "While {A} and {B} were sitting in the {place}, {S} passed {a thing} to {R}",
        "Then, {A} and {B} went to the {place}. {S} gave {a thing} to {R}",
        "Then, {A} and {B} had a lot of fun at the {place}. {S} gave {a thing} to {R}",
        "Then, {A} and {B} were working at the {place}. {S} decided to give {a thing} to {R}",
        "Then, {A} and {B} were thinking about going to the {place}. {S} wanted to give {a thing} to {R}",
        "Then, {A} and {B} had a long argument, and afterwards {S} said to {R}",
        "Yesterday {A} and {B} met at the {place}, and {S} offered {a thing} to {R}",
        "Today {A} and {B} walked to the {place}. {S} sent {a thing} to {R}",
        "Friends {A} and {B} found {a thing} at the {place}. {S} gave it to {R}",
        "The {place} that {A} and {B} went to had {a thing}. {S} gave it to {R}",
        "{A} and {B} saw each other at the {place}. {S} brought {a thing} to {R}",
    ];

    /// <summary>A text of the corpus.</summary>
    public static string Draw(SeededRandom random)
    {
        while (true)
        {
            FablePerson first = random.Pick(FableWorld.People);
            FablePerson second = random.Pick(FableWorld.People);
            if (first != second && !first.HeldOut && !second.HeldOut && !HeldOut(first, second))
            {
                IndirectObjectSentence sentence = Sentence(random, first, second);
                return $"{sentence.Prompt}{sentence.Receiver}.";
            }
        }
    }

    /// <summary>A sentence that the corpus cannot hold: both names occur in no sentence of this sort, or the pair occurs in none.</summary>
    /// <param name="random">Draws names, template, place and thing.</param>
    /// <param name="newNames">Whether the names are new, else the pair.</param>
    public static IndirectObjectSentence Unseen(SeededRandom random, bool newNames)
    {
        while (true)
        {
            FablePerson first = random.Pick(FableWorld.People);
            FablePerson second = random.Pick(FableWorld.People);
            bool unseen = newNames ? first.HeldOut && second.HeldOut : !first.HeldOut && !second.HeldOut && HeldOut(first, second);
            if (first != second && unseen)
            {
                return Sentence(random, first, second);
            }
        }
    }

    private static bool HeldOut(FablePerson a, FablePerson b) => ((a.Index + b.Index) * 3 + (a.Index * b.Index)) % 10 == 0;

    private static IndirectObjectSentence Sentence(SeededRandom random, FablePerson first, FablePerson second)
    {
        (FablePerson giver, FablePerson receiver) = random.Next(2) == 0 ? (first, second) : (second, first);
        Dictionary<string, string> slots = new()
        {
            ["A"] = first.Name,
            ["B"] = second.Name,
            ["S"] = giver.Name,
            ["place"] = random.Pick(FableWords.Places),
            ["a thing"] = FableWords.WithArticle(random.Pick(FableWords.Things)),
        };
        string prompt = Phrase.Fill(Phrase.Before(random.Pick(Templates), "R"), random, slots);
        return new IndirectObjectSentence(prompt, $" {receiver.Name}", $" {giver.Name}");
    }
}
