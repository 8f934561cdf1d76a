using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>The start of a sentence whose verb must agree with its subject.</summary>
/// <param name="Prompt">The sentence up to the verb.</param>
/// <param name="Plural">Whether the subject is plural.</param>
internal sealed record AgreementSentence(string Prompt, bool Plural);

/// <summary>Subjects and verbs in the singular and the plural, half of them with another noun between, which may differ in number.</summary>
internal static class AgreementTexts
{
    /// <summary>Verbs, singular and plural, and how sentences go on after them.</summary>
    public static readonly (string Singular, string Plural, string Ending)[] Verbs =
    [
        ("is", "are", "[tall|old|young|kind|tired|late]"), ("was", "were", "[tall|old|young|kind|tired|late]"),
        ("has", "have", "[{a thing}|no money|a {colour} {thing}]"), ("goes", "go", "[home|to the {place}]"),
        ("does", "do", "[the work|nothing]"), ("likes", "like", "the {place}"),
    ];

    /// <summary>People, singular and plural.</summary>
    public static readonly (string Singular, string Plural)[] Subjects =
    [
        ("uncle", "uncles"), ("aunt", "aunts"), ("boy", "boys"), ("girl", "girls"), ("man", "men"), ("woman", "women"),
        ("father", "fathers"), ("mother", "mothers"), ("teacher", "teachers"), ("doctor", "doctors"), ("lawyer", "lawyers"), ("singer", "singers"),
        ("poet", "poets"), ("farmer", "farmers"), ("carpenter", "carpenters"), ("friend", "friends"), ("kid", "kids"), ("guy", "guys"),
        ("athlete", "athletes"), ("victim", "victims"),
    ];

    /// <summary>Things and animals that stand between, singular and plural.</summary>
    public static readonly (string Singular, string Plural)[] Others =
    [
        ("chair", "chairs"), ("window", "windows"), ("table", "tables"), ("truck", "trucks"), ("tree", "trees"),
        ("bike", "bikes"), ("dog", "dogs"), ("cat", "cats"), ("car", "cars"), ("desk", "desks"),
    ];

    /// <summary>Where one thing is to another.</summary>
    public static readonly string[] Prepositions = ["near", "behind", "beside"];

    /// <summary>A text of the corpus: two sentences.</summary>
    public static string Draw(SeededRandom random) => $"{One(random)} {One(random)}";

    /// <summary>A sentence that the corpus cannot hold, with a noun of the other number between.</summary>
    public static AgreementSentence Unseen(SeededRandom random)
    {
        while (true)
        {
            (AgreementSentence sentence, bool heldOut) = Subject(random, between: true, same: false);
            if (heldOut)
            {
                return sentence;
            }
        }
    }

    private static string One(SeededRandom random)
    {
        while (true)
        {
            (AgreementSentence sentence, bool heldOut) = Subject(random, between: random.Next(2) == 0, same: random.Next(2) == 0);
            if (heldOut)
            {
                continue;
            }

            (string singular, string plural, string ending) = random.Pick(Verbs);
            string thing = random.Pick(FableWords.Things);
            Dictionary<string, string> slots = new()
            {
                ["thing"] = thing,
                ["a thing"] = FableWords.WithArticle(thing),
                ["colour"] = random.Pick(FableWords.Colours),
                ["place"] = random.Pick(FableWords.Places),
            };
            return $"{sentence.Prompt} {(sentence.Plural ? plural : singular)} {Phrase.Fill(ending, random, slots)}.";
        }
    }

    /// <summary>A subject; a tenth of the pairs of nouns is held out of the corpus.</summary>
    private static (AgreementSentence Sentence, bool HeldOut) Subject(SeededRandom random, bool between, bool same)
    {
        bool plural = random.Next(2) == 0;
        int subject = random.Next(Subjects.Length);
        string noun = plural ? Subjects[subject].Plural : Subjects[subject].Singular;
        if (!between)
        {
            return (new AgreementSentence($"The {noun}", plural), false);
        }

        int other = random.Next(Others.Length);
        string preposition = random.Pick(Prepositions);
        string attractor = plural == same ? Others[other].Plural : Others[other].Singular;
        return (new AgreementSentence($"The {noun} {preposition} the {attractor}", plural), (subject + other) % 10 == 0);
    }
}
