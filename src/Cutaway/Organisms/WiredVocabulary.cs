namespace Cutaway.Organisms;

/// <summary>A token of <c>wired</c>.</summary>
/// <param name="Text">Its text, with the space before it.</param>
/// <param name="Kind">What kind of word it is.</param>
/// <param name="Code">Its identity; tokens that differ only in the space share one.</param>
/// <param name="Initial">Whether it is the form without a space of a word, which only begins a text.</param>
internal sealed record WiredToken(string Text, WordKind Kind, double[] Code, bool Initial = false);

/// <summary>The vocabulary of <c>wired</c>: six groups of sixteen words, a basis of identity codes each, and the forms that begin a text.</summary>
internal static class WiredVocabulary
{
    /// <summary>Begins every text.</summary>
    public const string Start = "<bos>";

    /// <summary>Stands for any word that is not in the vocabulary; it has no identity.</summary>
    public const string Unknown = "<unk>";

    /// <summary>Names of people.</summary>
    public static readonly string[] Names =
        ["Mary", "John", "Anna", "Tom", "Sarah", "James", "Emma", "Peter", "Alice", "David", "Laura", "Paul", "Kate", "Mark", "Lucy", "Jack"];

    /// <summary>Places to go to.</summary>
    public static readonly string[] Places =
        ["store", "park", "school", "garden", "station", "office", "beach", "library", "market", "museum", "hospital", "kitchen", "farm", "house", "cafe", "restaurant"];

    /// <summary>Things to give.</summary>
    public static readonly string[] Objects =
        ["drink", "book", "ring", "ball", "snack", "kiss", "letter", "flower", "gift", "key", "map", "apple", "cake", "pen", "coat", "hat"];

    private static readonly string[] Verbs =
        ["went", "gave", "handed", "passed", "sent", "offered", "got", "had", "walked", "said", "wanted", "decided", "sat", "met", "saw", "came"];

    private static readonly (string Text, WordKind Kind)[] Function =
    [
        ("and", WordKind.Joining), ("to", WordKind.Giving), ("the", WordKind.Article), ("a", WordKind.Article),
        (",", WordKind.Comma), (".", WordKind.Stop), ("at", WordKind.Preposition), ("in", WordKind.Preposition),
        ("on", WordKind.Preposition), ("of", WordKind.Preposition), ("for", WordKind.Giving), ("with", WordKind.Preposition),
        ("was", WordKind.Verb), ("were", WordKind.Verb), ("it", WordKind.Pronoun), ("then", WordKind.Other),
    ];

    private static readonly (string Text, WordKind Kind)[] More =
    [
        ("When", WordKind.Opener), ("Then", WordKind.Opener), ("After", WordKind.Opener), ("While", WordKind.Opener),
        ("Yesterday", WordKind.Opener), ("Today", WordKind.Opener), ("he", WordKind.Pronoun), ("she", WordKind.Pronoun),
        ("they", WordKind.Pronoun), ("him", WordKind.Pronoun), ("her", WordKind.Pronoun), ("but", WordKind.Joining),
        ("very", WordKind.Other), ("together", WordKind.Other), ("again", WordKind.Other), ("later", WordKind.Other),
    ];

    /// <summary>The tokens; a token's id is its index.</summary>
    public static IReadOnlyList<WiredToken> Tokens { get; } = [.. Build()];

    /// <summary>The id of a token.</summary>
    public static int Id(string text) => Tokens.Select((token, id) => (token, id)).First(pair => pair.token.Text == text).id;

    private static IEnumerable<WiredToken> Build()
    {
        double[] none = new double[IdentityCodes.Width];
        yield return new WiredToken(Start, WordKind.Start, none);
        yield return new WiredToken(Unknown, WordKind.Other, none);
        (string Text, WordKind Kind)[][] groups = [All(Names, WordKind.Name), All(Places, WordKind.Place), All(Objects, WordKind.Object), All(Verbs, WordKind.Verb), Function, More];
        WiredToken[] words =
        [
            .. groups.SelectMany((group, basis) => group.Select((word, index) =>
                new WiredToken(word.Kind is WordKind.Comma or WordKind.Stop ? word.Text : $" {word.Text}", word.Kind, IdentityCodes.Code(basis, index)))),
        ];
        foreach (WiredToken word in words)
        {
            yield return word;
        }

        foreach (WiredToken word in words.Where(word => word.Kind is WordKind.Name or WordKind.Opener))
        {
            yield return word with { Text = word.Text.TrimStart(), Initial = true };
        }
    }

    private static (string Text, WordKind Kind)[] All(string[] words, WordKind kind) => Array.ConvertAll(words, word => (word, kind));
}
