using System.Globalization;
using System.Text;

namespace Cutaway.Decoding.Grammar;

/// <summary>A place in the text of a grammar or a regular expression, with what both write alike.</summary>
/// <param name="text">The text.</param>
/// <param name="what">What it is, for messages.</param>
internal sealed class PatternCursor(string text, string what)
{
    private const int Deepest = 200;
    private int depth;

    /// <summary>The position, in UTF-16 units.</summary>
    public int Position { get; set; }

    /// <summary>Whether all is read.</summary>
    public bool AtEnd => Position >= text.Length;

    /// <summary>The next unit, or NUL at the end.</summary>
    public char Peek => AtEnd ? '\0' : text[Position];

    /// <summary>Whether a text is next.</summary>
    public bool Sees(string next) => string.CompareOrdinal(text, Position, next, 0, next.Length) == 0;

    /// <summary>Reads a text if it is next.</summary>
    public bool Take(string next)
    {
        bool there = Sees(next);
        Position += there ? next.Length : 0;
        return there;
    }

    /// <summary>Reads a text that must be next.</summary>
    public void Require(string next)
    {
        if (!Take(next))
        {
            throw Error($"'{next}' was expected");
        }
    }

    /// <summary>Reads a character.</summary>
    public int Character()
    {
        if (AtEnd)
        {
            throw Error("it ends too soon");
        }

        if (Rune.DecodeFromUtf16(text.AsSpan(Position), out Rune rune, out int consumed) != System.Buffers.OperationStatus.Done)
        {
            throw Error("half a surrogate pair is no character");
        }

        Position += consumed;
        return rune.Value;
    }

    /// <summary>Reads what follows a backslash where it stands for one character.</summary>
    public int Escape()
    {
        int letter = Character();
        return letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => Hexadecimal(2),
            'u' => Hexadecimal(4),
            'U' => Hexadecimal(8),
            _ when letter < 128 && char.IsAsciiLetterOrDigit((char)letter) => throw Error($"'\\{(char)letter}' has no meaning here"),
            _ => letter,
        };
    }

    /// <summary>Reads a number, or nothing.</summary>
    public int? Number()
    {
        int start = Position;
        while (char.IsAsciiDigit(Peek))
        {
            Position++;
        }

        return start == Position ? null
            : int.TryParse(text.AsSpan(start, Position - start), CultureInfo.InvariantCulture, out int number) ? number
            : throw Error("the number is too large");
    }

    /// <summary>Reads <c>* + ? {m} {m,} {,n} {m,n}</c> after a part, or nothing.</summary>
    public GrammarNode Repeated(GrammarNode part)
    {
        if (Take("*"))
        {
            return new RepeatNode(part, 0, null);
        }

        if (Take("+"))
        {
            return new RepeatNode(part, 1, null);
        }

        if (Take("?"))
        {
            return new RepeatNode(part, 0, 1);
        }

        if (!Take("{"))
        {
            return part;
        }

        int? least = Number();
        int? most = least;
        bool open = Take(",");
        if (open)
        {
            most = Number();
        }

        Require("}");
        return (least ?? most) is null || most < (least ?? 0)
            ? throw Error("a number of repetitions such as {2}, {2,} or {2,5} was expected")
            : new RepeatNode(part, least ?? 0, most);
    }

    /// <summary>Reads a class after its bracket.</summary>
    /// <param name="named">Reads a named class after its backslash, or null where there are none.</param>
    public CharacterNode Class(Func<int, CharacterNode?>? named = null)
    {
        bool complement = Take("^");
        List<(int, int)> ranges = [];
        while (!Take("]"))
        {
            if (Peek == '\\' && Position + 1 < text.Length && named?.Invoke(text[Position + 1]) is { } known)
            {
                Position += 2;
                ranges.AddRange(known.Ranges);
                continue;
            }

            int from = ClassCharacter();
            int to = from;
            if (Sees("-") && !Sees("-]"))
            {
                Position++;
                to = ClassCharacter();
            }

            ranges.Add(from <= to ? (from, to) : throw Error("the range runs backwards"));
        }

        return CharacterNode.Of(ranges, complement);
    }

    /// <summary>Reads a group by what is given.</summary>
    /// <exception cref="CutawayException">Groups are nested too deeply to be read one inside the other.</exception>
    public GrammarNode Nested(Func<GrammarNode> read)
    {
        if (++depth > Deepest)
        {
            throw Error($"groups are nested more than {Deepest} deep");
        }

        GrammarNode node = read();
        depth--;
        return node;
    }

    /// <summary>An error at this place.</summary>
    public CutawayException Error(string message) => CutawayException.Usage($"{what}, at position {Position}: {message}");

    private int ClassCharacter() => Take("\\") ? Escape() : Character();

    private int Hexadecimal(int digits) =>
        Position + digits <= text.Length && int.TryParse(text.AsSpan(Position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) && Rune.IsValid(value)
            ? Advance(digits, value)
            : throw Error($"{digits} hexadecimal digits of a character were expected");

    private int Advance(int units, int value)
    {
        Position += units;
        return value;
    }
}
