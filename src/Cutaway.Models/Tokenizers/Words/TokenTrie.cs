namespace Cutaway.Models.Tokenizers.Words;

/// <summary>Texts and their numbers as a tree of UTF-16 units: one walk from a place in a text meets every one of them that begins there.</summary>
internal sealed class TokenTrie
{
    /// <summary>Where every walk begins.</summary>
    public const int Root = 0;

    /// <summary>No node, and no number.</summary>
    public const int None = -1;

    private readonly KeyTable edges = new(1024);
    private readonly List<int> numbers = [None];

    /// <summary>Adds a text that is not empty; a later one replaces an equal one.</summary>
    public void Add(ReadOnlySpan<char> text, int number)
    {
        int node = Root;
        foreach (char unit in text)
        {
            int child = edges.Find(node, unit);
            if (child == None)
            {
                child = numbers.Count;
                numbers.Add(None);
                edges.Set(node, unit, child);
            }

            node = child;
        }

        numbers[node] = number;
    }

    /// <summary>The node one unit further, or <see cref="None"/>.</summary>
    public int Step(int node, char unit) => edges.Find(node, unit);

    /// <summary>The node at the end of a text, or <see cref="None"/>.</summary>
    public int Walk(ReadOnlySpan<char> text)
    {
        int node = Root;
        for (int i = 0; i < text.Length && node != None; i++)
        {
            node = Step(node, text[i]);
        }

        return node;
    }

    /// <summary>The number of the text that ends at a node, or <see cref="None"/>.</summary>
    public int Number(int node) => numbers[node];

    /// <summary>The longest text that begins here.</summary>
    /// <param name="node">Where to begin.</param>
    /// <param name="text">What to walk along.</param>
    /// <param name="length">How long it is, in units.</param>
    /// <returns>Its number, or <see cref="None"/>.</returns>
    public int Longest(int node, ReadOnlySpan<char> text, out int length)
    {
        int longest = None;
        length = 0;
        for (int i = 0; i < text.Length && (node = Step(node, text[i])) != None; i++)
        {
            if (Number(node) is >= 0 and int number)
            {
                longest = number;
                length = i + 1;
            }
        }

        return longest;
    }
}
