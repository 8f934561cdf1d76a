using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Reads JSON as values, and writes values as JSON with the white space of Python's <c>json.dumps</c>.</summary>
internal sealed class TemplateJson
{
    private readonly StringBuilder output = new();
    private readonly int? indent;
    private readonly string comma;
    private readonly string colon;
    private readonly bool ascii;
    private readonly bool sorted;

    private TemplateJson(TemplateArguments given)
    {
        indent = given.Get(0, "indent", null) is long spaces ? (int)Math.Clamp(spaces, 0, 64) : null;
        List<object?>? signs = given.Get(-1, "separators", null) as List<object?>;
        comma = signs is [string first, _] ? first : indent is null ? ", " : ",";
        colon = signs is [_, string second] ? second : ": ";
        ascii = TemplateValues.IsTrue(given.Get(-1, "ensure_ascii", false));
        sorted = TemplateValues.IsTrue(given.Get(-1, "sort_keys", false));
    }

    /// <summary>The value that JSON stands for; null where there is none.</summary>
    public static object? Read(JsonElement? json) => json?.ValueKind switch
    {
        JsonValueKind.Object => Mapping(json.Value),
        JsonValueKind.Array => json.Value.EnumerateArray().Select(item => Read(item)).ToList(),
        JsonValueKind.String => json.Value.GetString(),
        JsonValueKind.Number => json.Value.TryGetInt64(out long whole) ? (object)whole : json.Value.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The JSON of a value, with the arguments of <c>json.dumps</c>: indent, separators, ensure_ascii and sort_keys.</summary>
    public static string Write(object? value, TemplateArguments given)
    {
        TemplateJson json = new(given);
        json.Write(value, 1);
        return json.output.ToString();
    }

    private static Dictionary<string, object?> Mapping(JsonElement json)
    {
        Dictionary<string, object?> mapping = new(StringComparer.Ordinal);
        foreach (JsonProperty property in json.EnumerateObject())
        {
            mapping[property.Name] = Read(property.Value);
        }

        return mapping;
    }

    private void Write(object? value, int level)
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
                Write(text);
                break;
            case List<object?> list:
                Write('[', ']', list, level, item => Write(item, level + 1));
                break;
            case Dictionary<string, object?> mapping:
                Write('{', '}', sorted ? mapping.OrderBy(pair => pair.Key, StringComparer.Ordinal) : mapping.AsEnumerable(), level, pair =>
                {
                    Write(pair.Key);
                    output.Append(colon);
                    Write(pair.Value, level + 1);
                });
                break;
            default:
                throw new TemplateFaultException($"{TemplateValues.Kind(value)} cannot be written as JSON");
        }

        TemplateRun.CheckLength(output.Length);
    }

    private void Write<T>(char open, char close, IEnumerable<T> items, int level, Action<T> write)
    {
        if (level > TemplateRun.Deepest)
        {
            throw new TemplateFaultException($"a value is nested more than {TemplateRun.Deepest} deep");
        }

        output.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            output.Append(first ? "" : comma);
            NewLine(level);
            write(item);
            first = false;
        }

        if (!first)
        {
            NewLine(level - 1);
        }

        output.Append(close);
    }

    private void NewLine(int level)
    {
        if (indent is { } width)
        {
            output.Append('\n').Append(' ', width * level);
        }
    }

    private void Write(string text)
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
                _ when character < ' ' || (ascii && character > '~') => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => character.ToString(),
            });
        }

        output.Append('"');
    }
}
