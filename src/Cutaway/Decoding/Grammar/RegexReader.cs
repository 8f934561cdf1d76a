namespace Cutaway.Decoding.Grammar;

/// <summary>Reads a regular expression.</summary>
internal sealed class RegexReader
{
    private static readonly CharacterNode Digits = CharacterNode.Of([('0', '9')]);
    private static readonly CharacterNode Words = CharacterNode.Of([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);
    private static readonly CharacterNode Spaces = CharacterNode.Of([('\t', '\r'), (' ', ' ')]);
    private readonly PatternCursor cursor;

    private RegexReader(string pattern) => cursor = new PatternCursor(pattern, $"the regular expression {pattern}");

    /// <summary>Reads an expression.</summary>
    /// <exception cref="CutawayException">It is malformed, or has a part that no finite automaton can follow.</exception>
    public static GrammarNode Read(string pattern)
    {
        RegexReader reader = new(pattern);
        GrammarNode node = reader.Choice();
        return reader.cursor.AtEnd ? node : throw reader.cursor.Error("a ')' without '('");
    }

    private GrammarNode Choice()
    {
        List<GrammarNode> options = [Sequence()];
        while (cursor.Take("|"))
        {
            options.Add(Sequence());
        }

        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    private SequenceNode Sequence()
    {
        List<GrammarNode> parts = [];
        while (!cursor.AtEnd && cursor.Peek is not ('|' or ')'))
        {
            GrammarNode part = Atom();
            GrammarNode repeated = cursor.Repeated(part);

            // Which of several ways a whole match takes does not matter, so lazy repetition is the same.
            if (repeated != part)
            {
                _ = cursor.Take("?");
            }

            parts.Add(repeated);
        }

        return new SequenceNode(parts);
    }

    private GrammarNode Atom()
    {
        if (cursor.Take("("))
        {
            if (cursor.Sees("?") && !cursor.Take("?:"))
            {
                throw cursor.Error("of groups only (…) and (?:…) can be followed; there is no looking ahead or behind");
            }

            GrammarNode inner = cursor.Nested(Choice);
            cursor.Require(")");
            return inner;
        }

        if (cursor.Take("["))
        {
            return cursor.Class(Named);
        }

        if (cursor.Take("."))
        {
            return CharacterNode.Of([('\n', '\n')], complement: true);
        }

        if (cursor.Peek is '*' or '+' or '?' or '{' or '^' or '$')
        {
            throw cursor.Error(cursor.Peek is '^' or '$' ? "the whole text must match anyway; leave ^ and $ out" : $"there is nothing that '{cursor.Peek}' could repeat");
        }

        if (!cursor.Take("\\"))
        {
            return CharacterNode.Of(cursor.Character());
        }

        if (Named(cursor.Peek) is { } named)
        {
            cursor.Position++;
            return named;
        }

        return CharacterNode.Of(cursor.Escape());
    }

    private static CharacterNode? Named(int letter) => letter switch
    {
        'd' => Digits,
        'D' => CharacterNode.Of(Digits.Ranges, complement: true),
        'w' => Words,
        'W' => CharacterNode.Of(Words.Ranges, complement: true),
        's' => Spaces,
        'S' => CharacterNode.Of(Spaces.Ranges, complement: true),
        _ => null,
    };
}
