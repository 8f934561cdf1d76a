namespace Cutaway.Decoding.Grammar;

/// <summary>A part of a grammar.</summary>
internal abstract record GrammarNode;

/// <summary>One character of a set.</summary>
/// <param name="Ranges">Code points from and to, both included, in order and apart; surrogates are left out when it is compiled.</param>
internal sealed record CharacterNode(IReadOnlyList<(int From, int To)> Ranges) : GrammarNode
{
    /// <summary>The largest code point.</summary>
    public const int Last = 0x10FFFF;

    /// <summary>One character.</summary>
    public static CharacterNode Of(int codePoint) => new([(codePoint, codePoint)]);

    /// <summary>A set of any ranges, or of all characters that are in none of them.</summary>
    public static CharacterNode Of(IEnumerable<(int From, int To)> ranges, bool complement = false)
    {
        List<(int From, int To)> merged = [];
        foreach ((int from, int to) in ranges.OrderBy(range => range.From))
        {
            if (merged.Count > 0 && from <= merged[^1].To + 1)
            {
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, to));
            }
            else
            {
                merged.Add((from, to));
            }
        }

        return new(complement ? Others(merged) : merged);
    }

    private static List<(int, int)> Others(List<(int From, int To)> ranges)
    {
        List<(int, int)> others = [];
        int next = 0;
        foreach ((int from, int to) in ranges)
        {
            if (from > next)
            {
                others.Add((next, from - 1));
            }

            next = to + 1;
        }

        if (next <= Last)
        {
            others.Add((next, Last));
        }

        return others;
    }
}

/// <summary>One part after another; none for the empty text.</summary>
internal sealed record SequenceNode(IReadOnlyList<GrammarNode> Parts) : GrammarNode
{
    /// <summary>A text, character by character.</summary>
    public static SequenceNode Of(string text) => new([.. text.EnumerateRunes().Select(rune => CharacterNode.Of(rune.Value))]);
}

/// <summary>One of several.</summary>
internal sealed record ChoiceNode(IReadOnlyList<GrammarNode> Options) : GrammarNode;

/// <summary>A part several times.</summary>
/// <param name="Part">What is repeated.</param>
/// <param name="Least">How often at least.</param>
/// <param name="Most">How often at most, or null for any number.</param>
internal sealed record RepeatNode(GrammarNode Part, int Least, int? Most) : GrammarNode;

/// <summary>Another rule of the grammar.</summary>
internal sealed record RuleNode(string Name) : GrammarNode;
