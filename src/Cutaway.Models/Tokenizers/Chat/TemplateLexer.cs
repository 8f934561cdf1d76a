using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>The kinds of pieces that a template is made of.</summary>
internal enum TemplateTokenKind
{
    /// <summary>Text that is written as it stands.</summary>
    Text,

    /// <summary>The start of an output, <c>{{</c>.</summary>
    OutputStart,

    /// <summary>The start of a statement, <c>{%</c>.</summary>
    BlockStart,

    /// <summary>The end of either.</summary>
    TagEnd,

    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>A text in quotation marks.</summary>
    String,

    /// <summary>A number.</summary>
    Number,

    /// <summary>An operator or a bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A piece of a template.</summary>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Line);

/// <summary>
/// Cuts a Jinja template into pieces, with white space as chat templates are rendered: a line break after a statement is dropped (trim_blocks), as is white space
/// between the start of a line and a statement (lstrip_blocks); <c>-</c> drops all white space on its side, <c>+</c> none.
/// </summary>
internal sealed class TemplateLexer
{
    private const int MostInTag = 2000;

    private static readonly string[] Operators = ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "|"];

    private readonly string template;
    private readonly List<TemplateToken> tokens = [];
    private int position;
    private int line = 1;
    private bool trimNext;
    private bool breakNext;

    private TemplateLexer(string template) => this.template = template;

    /// <summary>The pieces of a template.</summary>
    /// <exception cref="TemplateFaultException">A tag or a text does not end.</exception>
    public static List<TemplateToken> Read(string template)
    {
        template = template.ReplaceLineEndings("\n");
        TemplateLexer lexer = new(template.EndsWith('\n') ? template[..^1] : template);
        lexer.ReadAll();
        return lexer.tokens;
    }

    private void ReadAll()
    {
        while (position < template.Length)
        {
            int tag = NextTag();
            AddText(tag);
            if (tag == template.Length)
            {
                break;
            }

            char kind = template[tag + 1];
            Advance(tag + 2);
            if (position < template.Length && template[position] is '-' or '+')
            {
                position++;
            }

            if (kind == '#')
            {
                int end = template.IndexOf("#}", position, StringComparison.Ordinal);
                End(end < 0 ? throw new TemplateFaultException("a comment {# does not end", line) : end, statement: true);
            }
            else
            {
                ReadTag(kind == '%');
            }
        }

        tokens.Add(new TemplateToken(TemplateTokenKind.End, "the end of the template", line));
    }

    private int NextTag()
    {
        for (int at = template.IndexOf('{', position); at >= 0 && at + 1 < template.Length; at = template.IndexOf('{', at + 1))
        {
            if (template[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return template.Length;
    }

    private void AddText(int end)
    {
        int start = position;
        ReadOnlySpan<char> text = template.AsSpan(position, end - position);
        if (trimNext)
        {
            text = text.TrimStart();
        }
        else if (breakNext && text.StartsWith('\n'))
        {
            text = text[1..];
        }

        char mark = end + 2 < template.Length ? template[end + 2] : ' ';
        if (end < template.Length && mark == '-')
        {
            text = text.TrimEnd();
        }
        else if (end < template.Length && mark != '+' && template[end + 1] != '{')
        {
            // Only where nothing but white space stands before the tag on its line.
            ReadOnlySpan<char> kept = text.TrimEnd(" \t");
            bool lineStart = kept.EndsWith('\n') || (kept.IsEmpty && (start == 0 || template[start - 1] == '\n' || text.Length < end - start));
            text = lineStart ? kept : text;
        }

        if (!text.IsEmpty)
        {
            tokens.Add(new TemplateToken(TemplateTokenKind.Text, text.ToString(), line));
        }

        Advance(end);
    }

    private void ReadTag(bool statement)
    {
        int opened = line;
        tokens.Add(new TemplateToken(statement ? TemplateTokenKind.BlockStart : TemplateTokenKind.OutputStart, statement ? "{%" : "{{", line));
        string end = statement ? "%}" : "}}";
        int first = tokens.Count;
        int depth = 0;
        while (true)
        {
            while (position < template.Length && char.IsWhiteSpace(template[position]))
            {
                Advance(position + 1);
            }

            if (position >= template.Length)
            {
                throw new TemplateFaultException($"the tag {(statement ? "{%" : "{{")} that begins here does not end", opened);
            }

            int marked = template[position] is '-' or '+' ? position + 1 : position;
            if (depth == 0 && string.CompareOrdinal(template, marked, end, 0, 2) == 0)
            {
                tokens.Add(new TemplateToken(TemplateTokenKind.TagEnd, end, line));
                End(marked, statement);
                return;
            }

            // Values are computed as deep as they are written, so that a tag without end would use up the stack.
            TemplateToken token = tokens.Count - first < MostInTag ? ReadToken() : throw new TemplateFaultException($"a tag holds more than {MostInTag} signs", opened);
            depth += token.Kind != TemplateTokenKind.Operator ? 0 : token.Text is "{" or "(" or "[" ? 1 : token.Text is "}" or ")" or "]" ? -1 : 0;
            tokens.Add(token);
        }
    }

    /// <summary>Passes the end of a tag, whose two characters stand at <paramref name="at"/>.</summary>
    private void End(int at, bool statement)
    {
        trimNext = at > 0 && template[at - 1] == '-';
        breakNext = statement && template[at - 1] != '+';
        Advance(at + 2);
    }

    private TemplateToken ReadToken()
    {
        int start = position;
        char first = template[start];
        if (char.IsAsciiLetter(first) || first == '_')
        {
            Advance(While(start, character => char.IsAsciiLetterOrDigit(character) || character == '_'));
            return new TemplateToken(TemplateTokenKind.Name, template[start..position], line);
        }

        if (char.IsAsciiDigit(first))
        {
            int end = While(start, char.IsAsciiDigit);
            bool isFraction = end + 1 < template.Length && template[end] == '.' && char.IsAsciiDigit(template[end + 1]);
            end = isFraction ? While(end + 1, char.IsAsciiDigit) : end;
            int power = end + 1 < template.Length && template[end + 1] is '-' or '+' ? end + 2 : end + 1;
            bool hasPower = power < template.Length && template[end] is 'e' or 'E' && char.IsAsciiDigit(template[power]);
            Advance(hasPower ? While(power, char.IsAsciiDigit) : end);
            return new TemplateToken(TemplateTokenKind.Number, template[start..position], line);
        }

        if (first is '\'' or '"')
        {
            return ReadString(first);
        }

        string sign = Operators.FirstOrDefault(sign => string.CompareOrdinal(template, start, sign, 0, sign.Length) == 0)
            ?? throw new TemplateFaultException($"the character '{first}' is not expected in a tag", line);
        Advance(start + sign.Length);
        return new TemplateToken(TemplateTokenKind.Operator, sign, line);
    }

    private TemplateToken ReadString(char quote)
    {
        int opened = line;
        StringBuilder text = new();
        int at = position + 1;
        while (at < template.Length && template[at] != quote)
        {
            if (template[at] == '\\' && at + 1 < template.Length)
            {
                at += AddEscape(at, text);
            }
            else
            {
                text.Append(template[at++]);
            }
        }

        if (at >= template.Length)
        {
            throw new TemplateFaultException("the text that begins here does not end", opened);
        }

        Advance(at + 1);
        return new TemplateToken(TemplateTokenKind.String, text.ToString(), opened);
    }

    /// <summary>Appends what an escape of Python stands for, and says how long it is.</summary>
    private int AddEscape(int at, StringBuilder text)
    {
        char kind = template[at + 1];
        int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && at + 2 + digits <= template.Length
            && int.TryParse(template.AsSpan(at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int point) && Rune.IsValid(point))
        {
            text.Append(new Rune(point));
            return 2 + digits;
        }

        text.Append(kind switch
        {
            'n' => "\n",
            't' => "\t",
            'r' => "\r",
            'b' => "\b",
            'f' => "\f",
            'v' => "\v",
            '0' => "\0",
            '\n' => "", // the line goes on
            '\\' or '\'' or '"' => kind.ToString(),
            _ => template.Substring(at, 2),
        });
        return 2;
    }

    private int While(int at, Func<char, bool> condition)
    {
        while (at < template.Length && condition(template[at]))
        {
            at++;
        }

        return at;
    }

    private void Advance(int to)
    {
        line += template.AsSpan(position, to - position).Count('\n');
        position = to;
    }
}
