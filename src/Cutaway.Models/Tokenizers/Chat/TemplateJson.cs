using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Writes values as JSON with the white space of Python's <c>json.dumps</c>, and letters beyond ASCII as they are.</summary>
internal static class TemplateJson
{
    /// <summary>The JSON of a value; on lines of their own if <paramref name="indent"/> is given.</summary>
    public static string Write(object? value, int? indent)
    {
        StringBuilder output = new();
        Write(output, value, indent, 1);
        return output.ToString();
    }

    private static void Write(StringBuilder output, object? value, int? indent, int level)
    {
        switch (value)
        {
            case null:
                output.Append("null");
                break;
            case bool truth:
                output.Append(truth ? "true" : "false");
                break;
            case long or double:
                output.Append(TemplateValues.Text(value));
                break;
            case string text:
                Write(output, text);
                break;
            case List<object?> list:
                Write(output, '[', ']', list, indent, level, item => Write(output, item, indent, level + 1));
                break;
            case Dictionary<string, object?> mapping:
                Write(output, '{', '}', mapping, indent, level, pair =>
                {
                    Write(output, pair.Key);
                    output.Append(": ");
                    Write(output, pair.Value, indent, level + 1);
                });
                break;
            default:
                throw new TemplateFaultException($"{TemplateValues.Kind(value)} cannot be written as JSON");
        }
    }

    private static void Write<T>(StringBuilder output, char open, char close, IReadOnlyCollection<T> items, int? indent, int level, Action<T> write)
    {
        output.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            output.Append(first ? "" : indent is null ? ", " : ",");
            NewLine(output, indent, level);
            write(item);
            first = false;
        }

        if (!first)
        {
            NewLine(output, indent, level - 1);
        }

        output.Append(close);
    }

    private static void NewLine(StringBuilder output, int? indent, int level)
    {
        if (indent is { } width)
        {
            output.Append('\n').Append(' ', width * level);
        }
    }

    private static void Write(StringBuilder output, string text)
    {
        output.Append('"');
        foreach (char character in text)
        {
            output.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => character.ToString(),
            });
        }

        output.Append('"');
    }
}
