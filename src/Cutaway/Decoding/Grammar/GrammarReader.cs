namespace Cutaway.Decoding.Grammar;

/// <summary>Reads a grammar as llama.cpp writes them (GBNF).</summary>
internal sealed class GrammarReader
{
    /// <summary>The rule that everything begins with.</summary>
    public const string Root = "root";

    private const int Most = 2000;
    private readonly PatternCursor cursor;
    private readonly Dictionary<string, GrammarNode> rules = new(StringComparer.Ordinal);
    private readonly List<(string Name, int Position)> named = [];

    private GrammarReader(string text) => cursor = new PatternCursor(text, "the grammar");

    /// <summary>Reads the rules of a grammar.</summary>
    /// <exception cref="CutawayException">It is malformed, or a rule that it names is missing.</exception>
    public static IReadOnlyDictionary<string, GrammarNode> Read(string text)
    {
        GrammarReader reader = new(text);
        reader.Space(lines: true);
        while (!reader.cursor.AtEnd)
        {
            reader.Rule();
        }

        reader.named.Add((Root, text.Length));
        foreach ((string name, int position) in reader.named)
        {
            if (!reader.rules.ContainsKey(name))
            {
                reader.cursor.Position = position;
                throw reader.cursor.Error($"there is no rule '{name}'{NearNames.Suggest(name, reader.rules.Keys)}");
            }
        }

        return reader.rules;
    }

    private void Rule()
    {
        string name = Name();
        Space(lines: false);
        cursor.Require("::=");
        Space(lines: true);
        if (rules.Count == Most)
        {
            throw cursor.Error($"there are more than {Most} rules");
        }

        if (!rules.TryAdd(name, Choice(inner: false)))
        {
            throw cursor.Error($"there are two rules '{name}'; join them with |");
        }

        Space(lines: true);
    }

    private GrammarNode Choice(bool inner)
    {
        List<GrammarNode> options = [Sequence(inner)];
        while (cursor.Take("|"))
        {
            Space(lines: true);
            options.Add(Sequence(inner));
        }

        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    private SequenceNode Sequence(bool inner)
    {
        List<GrammarNode> parts = [];
        while (!cursor.AtEnd && cursor.Peek is not ('|' or ')' or '\n' or '\r'))
        {
            parts.Add(cursor.Repeated(Atom()));
            Space(inner);
        }

        // An option may also be on a line of its own.
        int position = cursor.Position;
        Space(lines: true);
        if (cursor.Peek != '|' && !inner)
        {
            cursor.Position = position;
        }

        return new SequenceNode(parts);
    }

    private GrammarNode Atom()
    {
        if (cursor.Take("\""))
        {
            List<GrammarNode> characters = [];
            while (!cursor.Take("\""))
            {
                characters.Add(CharacterNode.Of(cursor.Take("\\") ? cursor.Escape() : cursor.Character()));
            }

            return new SequenceNode(characters);
        }

        if (cursor.Take("["))
        {
            return cursor.Class();
        }

        if (cursor.Take("."))
        {
            return CharacterNode.Of([], complement: true);
        }

        if (cursor.Take("("))
        {
            Space(lines: true);
            GrammarNode node = cursor.Nested(() => Choice(inner: true));
            cursor.Require(")");
            return node;
        }

        named.Add((Name(), cursor.Position));
        return new RuleNode(named[^1].Name);
    }

    private string Name()
    {
        string name = "";
        while (char.IsAsciiLetterOrDigit(cursor.Peek) || cursor.Peek is '-' or '_')
        {
            name += cursor.Peek;
            cursor.Position++;
        }

        return name.Length > 0 ? name : throw cursor.Error("a rule's name, \"text\", a [class] or a (group) was expected");
    }

    private void Space(bool lines)
    {
        while (!cursor.AtEnd)
        {
            if (cursor.Peek == '#')
            {
                while (!cursor.AtEnd && cursor.Peek != '\n')
                {
                    cursor.Position++;
                }
            }
            else if (cursor.Peek is ' ' or '\t' || (lines && cursor.Peek is '\n' or '\r'))
            {
                cursor.Position++;
            }
            else
            {
                return;
            }
        }
    }
}
