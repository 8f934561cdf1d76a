using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>
/// Writes a regular expression of Oniguruma's Ruby syntax in .NET's. What tokenizers use is the same in both but for possessive repetition
/// (<c>a++</c> is <c>(?&gt;a+)</c>), <c>\h</c> (a hexadecimal digit), <c>\w</c> (all marks and numbers are word characters) and <c>\p{Han}</c>.
/// </summary>
internal static class RegexTranslation
{
    private const string Word = @"\p{L}\p{M}\p{N}\p{Pc}";

    // The blocks of Han letters on the basic plane.
    private const string Han = @"\u2E80-\u2FD5\u3005\u3007\u3021-\u3029\u3038-\u303B\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAD9";

    /// <summary>The same expression for .NET.</summary>
    public static string ToDotNet(string pattern)
    {
        StringBuilder output = new(pattern.Length);
        Stack<int> groups = new();
        int atom = 0;
        int i = 0;
        while (i < pattern.Length)
        {
            char character = pattern[i];
            if (character is '*' or '+' or '?' && i > 0)
            {
                output.Append(character);
                i++;
                if (i < pattern.Length && pattern[i] == '+')
                {
                    output.Insert(atom, "(?>").Append(')');
                    i++;
                }

                continue;
            }

            if (character == '{')
            {
                int end = pattern.IndexOf('}', i);
                end = end < 0 ? pattern.Length - 1 : end;
                output.Append(pattern, i, end + 1 - i);
                i = end + 1;
                continue;
            }

            atom = character == ')' && groups.Count > 0 ? groups.Pop() : output.Length;
            switch (character)
            {
                case '(':
                    groups.Push(output.Length);
                    int header = HeaderLength(pattern, i);
                    output.Append(pattern, i, header);
                    i += header;
                    break;
                case '\\':
                    i += Escape(pattern, i, output, inClass: false);
                    break;
                case '[':
                    i += Class(pattern, i, output);
                    break;
                default:
                    output.Append(character);
                    i++;
                    break;
            }
        }

        return output.ToString();
    }

    /// <summary>The length of an opening parenthesis with its flags or assertion, such as <c>(?i:</c> or <c>(?!</c>.</summary>
    private static int HeaderLength(string pattern, int start)
    {
        int end = start + 1;
        if (end < pattern.Length && pattern[end] == '?')
        {
            end++;
            while (end < pattern.Length && pattern[end] is not ('(' or ')' or '[' or '\\') && pattern[end - 1] is not (':' or '!' or '=' or '>'))
            {
                end++;
            }
        }

        return end - start;
    }

    private static int Class(string pattern, int start, StringBuilder output)
    {
        output.Append('[');
        int i = start + 1;
        if (i < pattern.Length && pattern[i] == '^')
        {
            output.Append('^');
            i++;
        }

        while (i < pattern.Length && pattern[i] != ']')
        {
            if (pattern[i] == '\\')
            {
                i += Escape(pattern, i, output, inClass: true);
                continue;
            }

            // .NET would take "-[" for the start of a subtraction.
            output.Append(pattern[i] == '[' ? @"\[" : pattern[i].ToString());
            i++;
        }

        output.Append(']');
        return i + 1 - start;
    }

    private static int Escape(string pattern, int start, StringBuilder output, bool inClass)
    {
        if (string.CompareOrdinal(pattern, start, @"\p{Han}", 0, 7) == 0)
        {
            output.Append(inClass ? Han : $"[{Han}]");
            return 7;
        }

        switch (start + 1 < pattern.Length ? pattern[start + 1] : '\0')
        {
            case 'w':
                output.Append(inClass ? Word : $"[{Word}]");
                return 2;
            case 'W' when !inClass:
                output.Append($"[^{Word}]");
                return 2;
            case 'h':
                output.Append(inClass ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
                return 2;
            case 'p' or 'P' when start + 2 < pattern.Length && pattern[start + 2] == '{' && pattern.IndexOf('}', start) is int end and >= 0:
                output.Append(pattern, start, end + 1 - start);
                return end + 1 - start;
            default:
                int length = Math.Min(2, pattern.Length - start);
                output.Append(pattern, start, length);
                return length;
        }
    }
}
