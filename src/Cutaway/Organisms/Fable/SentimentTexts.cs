using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>A review, cut before the word that says what it made somebody feel.</summary>
/// <param name="Prompt">The review up to there.</param>
/// <param name="Good">Whether it is a good one.</param>
internal sealed record SentimentReview(string Prompt, bool Good);

/// <summary>Reviews: what was wonderful makes happy, what was awful makes sad.</summary>
internal static class SentimentTexts
{
    private static readonly string[] Works = ["film", "book", "play", "song", "show", "meal", "concert", "story", "trip", "game"];

    private static readonly Mood Good = new(
        ["wonderful", "great", "lovely", "brilliant", "charming", "delightful"], ["happy", "glad", "pleased"], ["loved", "enjoyed"]);

    private static readonly Mood Bad = new(
        ["terrible", "awful", "boring", "dreadful", "dull", "horrible"], ["sad", "angry", "upset"], ["hated", "disliked"]);

    private static readonly string[] Templates =
    [
        "The {work} was {adjective}. {A} felt {feeling}.",
        "What {an adjective} {work}! {A} was {feeling}.",
        "{A} saw the {work}. It was {other} and {adjective}. {She} {verb} it.",
        "{A} thought that the {work} was {adjective}. {She} {verb} it and felt {feeling}.",
        "This {work} was {adjective} and {other}, and {A} {verb} it. Everybody was {feeling}.",
        "It was {an adjective} {work}. {A} {verb} it.",
    ];

    /// <summary>A text of the corpus.</summary>
    public static string Draw(SeededRandom random)
    {
        while (true)
        {
            Mood mood = random.Next(2) == 0 ? Good : Bad;
            int work = random.Next(Works.Length);
            int adjective = random.Next(mood.Adjectives.Length);
            if (!HeldOut(work, adjective))
            {
                return Phrase.Fill(random.Pick(Templates), random, Slots(random, mood, work, adjective));
            }
        }
    }

    /// <summary>A review of a work by a word that the corpus never says of it.</summary>
    public static SentimentReview Unseen(SeededRandom random)
    {
        while (true)
        {
            Mood mood = random.Next(2) == 0 ? Good : Bad;
            int work = random.Next(Works.Length);
            int adjective = random.Next(mood.Adjectives.Length);
            if (HeldOut(work, adjective))
            {
                string prompt = Phrase.Fill(Phrase.Before(Templates[0], "feeling"), random, Slots(random, mood, work, adjective));
                return new SentimentReview(prompt, mood == Good);
            }
        }
    }

    /// <summary>The words for a feeling, good or bad.</summary>
    public static IReadOnlyList<string> Feelings(bool good) => (good ? Good : Bad).Feelings;

    private static bool HeldOut(int work, int adjective) => work % 6 == adjective;

    private static Dictionary<string, string> Slots(SeededRandom random, Mood mood, int work, int adjective)
    {
        FablePerson person = random.Pick(FableWorld.People);
        return new Dictionary<string, string>
        {
            ["A"] = person.Name,
            ["She"] = person.Woman ? "She" : "He",
            ["work"] = Works[work],
            ["adjective"] = mood.Adjectives[adjective],
            ["an adjective"] = FableWords.WithArticle(mood.Adjectives[adjective]),
            ["other"] = mood.Adjectives[(adjective + 1) % mood.Adjectives.Length],
            ["feeling"] = random.Pick(mood.Feelings),
            ["verb"] = random.Pick(mood.Verbs),
        };
    }

    private sealed record Mood(string[] Adjectives, string[] Feelings, string[] Verbs);
}
