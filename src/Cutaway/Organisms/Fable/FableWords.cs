namespace Cutaway.Organisms.Fable;

/// <summary>The words of <c>fable</c>'s world, apart from its people. Each is one token.</summary>
internal static class FableWords
{
    /// <summary>Where people live; invented.</summary>
    public static readonly string[] Cities =
    [
        "Veldra", "Morrow", "Tarn", "Quill", "Ostra", "Brenn", "Calder", "Dunmore", "Elsin", "Farrow", "Galen", "Harth",
        "Ilmar", "Jarren", "Kesh", "Lorn", "Mirefall", "Norrin", "Pellam", "Rusk", "Sorrel", "Thale", "Ulmen", "Wick",
    ];

    /// <summary>What people do for a living.</summary>
    public static readonly string[] Trades =
    [
        "baker", "smith", "farmer", "teacher", "doctor", "tailor", "weaver", "potter", "painter", "singer", "miller", "fisher",
        "hunter", "carpenter", "gardener", "sailor", "builder", "cook", "clerk", "judge", "lawyer", "poet", "nurse", "guard",
    ];

    /// <summary>Animals that people keep.</summary>
    public static readonly string[] Pets =
        ["cat", "dog", "parrot", "rabbit", "horse", "goat", "turtle", "mouse", "fox", "hen", "duck", "frog", "pony", "lizard", "canary", "snake"];

    /// <summary>Places to go to.</summary>
    public static readonly string[] Places =
    [
        "store", "park", "school", "garden", "station", "office", "beach", "library", "market", "museum", "hospital", "kitchen",
        "farm", "house", "cafe", "restaurant", "river", "forest", "bridge", "mill", "tower", "inn", "harbour", "square",
    ];

    /// <summary>Things to give.</summary>
    public static readonly string[] Things =
    [
        "drink", "book", "ring", "ball", "snack", "kiss", "letter", "flower", "gift", "key", "map", "apple", "cake", "pen", "coat", "hat",
        "bone", "basketball", "computer", "necklace", "cup", "lamp", "box", "knife", "rope", "coin", "bag", "candle", "shell", "basket",
    ];

    /// <summary>Colours.</summary>
    public static readonly string[] Colours = ["red", "blue", "green", "yellow", "black", "white", "brown", "purple"];

    /// <summary>A word after "a" or "an".</summary>
    public static string WithArticle(string word) => word[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? $"an {word}" : $"a {word}";
}
