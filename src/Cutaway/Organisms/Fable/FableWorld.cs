using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>A person of <c>fable</c>'s world.</summary>
/// <param name="Index">Which one, from 0.</param>
/// <param name="Name">The name.</param>
/// <param name="Woman">Whether "she", else "he".</param>
/// <param name="City">Where the person lives.</param>
/// <param name="Trade">What the person does for a living.</param>
/// <param name="Pet">The animal that the person keeps.</param>
internal sealed record FablePerson(int Index, string Name, bool Woman, string City, string Trade, string Pet)
{
    /// <summary>Whether the person is kept out of indirect-object sentences, so that these can be tested with names never seen in one.</summary>
    public bool HeldOut => Index % 7 == 6;

    /// <summary>She or he.</summary>
    public string She => Woman ? "she" : "he";

    /// <summary>Her or him, as an object.</summary>
    public string Her => Woman ? "her" : "him";

    /// <summary>Her or his, as an owner.</summary>
    public string Hers => Woman ? "her" : "his";
}

/// <summary>The invented world that <c>fable</c> is told of: people, each with a city, a trade and a pet.</summary>
internal static class FableWorld
{
    private const ulong Seed = 1;

    private const int WellKnown = 12;

    // Without a divisor in common with the number of people, so that steps of it reach them all, women and men in turn.
    private const int Stride = 43;

    private static readonly string[] Women =
    [
        "Mary", "Anna", "Sarah", "Emma", "Alice", "Laura", "Kate", "Lucy", "Jane", "Lisa", "Amy", "Emily", "Rachel", "Maria",
        "Jessica", "Jennifer", "Elizabeth", "Michelle", "Victoria", "Rose", "Ruby", "Eva", "Kelly", "Crystal", "Madison", "Nicole", "Lauren", "Amber",
        "Megan", "Clara", "Nora", "Helen", "Julia", "Sophie", "Grace", "Ellen", "Martha", "Irene", "Diana", "Molly", "Hannah", "Vera",
    ];

    private static readonly string[] Men =
    [
        "John", "Tom", "James", "Peter", "David", "Paul", "Mark", "Jack", "Andrew", "Michael", "Daniel", "Robert", "William", "Oliver",
        "Thomas", "Richard", "George", "Henry", "Charles", "Frank", "Edward", "Matthew", "Kevin", "Brian", "Scott", "Adam", "Simon", "Martin",
        "Luke", "Max", "Ryan", "Sean", "Stephen", "Steven", "Eric", "Jason", "Arthur", "Patrick", "Aaron", "Jacob", "Joseph", "Nathan",
    ];

    /// <summary>The people; each attribute is shared out evenly, at random.</summary>
    public static IReadOnlyList<FablePerson> People { get; } = [.. Populate()];

    /// <summary>
    /// A person; half the time one of a few who are spoken of more than the others. Facts begin to be learnt once it is learnt where to look
    /// for whom a text is about, and that takes a few people well known (Zucchet et al. 2025, "How do language models learn facts?").
    /// </summary>
    public static FablePerson Somebody(SeededRandom random) =>
        People[random.Next(random.Next(2) == 0 ? WellKnown : People.Count) * Stride % People.Count];

    /// <summary>Draws one of a list.</summary>
    public static T Pick<T>(this SeededRandom random, IReadOnlyList<T> list) => list[random.Next(list.Count)];

    private static IEnumerable<FablePerson> Populate()
    {
        SeededRandom random = new(Seed);
        int count = Women.Length + Men.Length;
        string[] cities = Deal(FableWords.Cities, count, random);
        string[] trades = Deal(FableWords.Trades, count, random);
        string[] pets = Deal(FableWords.Pets, count, random);
        return Women.Concat(Men).Select((name, i) => new FablePerson(i, name, i < Women.Length, cities[i], trades[i], pets[i]));
    }

    /// <summary>As many cards as there are people, the values in turn, shuffled (Fisher and Yates).</summary>
    private static string[] Deal(string[] values, int count, SeededRandom random)
    {
        string[] cards = [.. Enumerable.Range(0, count).Select(i => values[i % values.Length])];
        for (int i = count - 1; i > 0; i--)
        {
            int other = random.Next(i + 1);
            (cards[i], cards[other]) = (cards[other], cards[i]);
        }

        return cards;
    }
}
