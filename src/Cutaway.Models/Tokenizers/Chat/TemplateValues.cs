using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>What values are and how they print. They are Python's: none (null), truth values, whole numbers, numbers, texts, lists and mappings.</summary>
internal static class TemplateValues
{
    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        Dictionary<string, object?> mapping => mapping.Count > 0,
        _ => true,
    };

    /// <summary>A value as it is written to the output.</summary>
    public static string Text(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Quoted(value),
    };

    /// <summary>What a loop over a value goes through: the items of a list, the keys of a mapping, the characters of a text.</summary>
    public static List<object?> Items(object? value) => value switch
    {
        List<object?> list => list,
        Dictionary<string, object?> mapping => [.. mapping.Keys],
        string text => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
        Undefined => [],
        _ => throw new TemplateFaultException($"{Kind(value)} cannot be gone through"),
    };

    /// <summary>Sets one name, or several from the items of a list.</summary>
    public static void Assign(TemplateScope scope, string[] names, object? value)
    {
        if (names is [string single])
        {
            scope[single] = value;
            return;
        }

        List<object?> items = Items(value);
        if (items.Count != names.Length)
        {
            throw new TemplateFaultException($"{items.Count} values stand for the {names.Length} names {string.Join(", ", names)}");
        }

        for (int i = 0; i < names.Length; i++)
        {
            scope[names[i]] = items[i];
        }
    }

    /// <summary>A mapping of the pairs or the mapping that is given, and of what is given by name.</summary>
    public static Dictionary<string, object?> Mapping(IReadOnlyList<object?> given, IReadOnlyDictionary<string, object?> named)
    {
        Dictionary<string, object?> mapping = new(StringComparer.Ordinal);
        foreach (object? item in given.Count == 0 ? [] : given[0] is Dictionary<string, object?> other ? other.Select(object? (pair) => new List<object?> { pair.Key, pair.Value }) : Items(given[0]))
        {
            List<object?> pair = Items(item);
            mapping[Text(pair.ElementAtOrDefault(0))] = pair.ElementAtOrDefault(1);
        }

        foreach ((string name, object? value) in named)
        {
            mapping[name] = value;
        }

        return mapping;
    }

    /// <summary>The variable <c>loop</c> at one turn.</summary>
    public static Dictionary<string, object?> Loop(List<object?> items, int index) => new(StringComparer.Ordinal)
    {
        ["index"] = index + 1L,
        ["index0"] = (long)index,
        ["revindex"] = (long)(items.Count - index),
        ["revindex0"] = items.Count - index - 1L,
        ["first"] = index == 0,
        ["last"] = index == items.Count - 1,
        ["length"] = (long)items.Count,
        ["previtem"] = index > 0 ? items[index - 1] : new Undefined("the item before the first"),
        ["nextitem"] = index + 1 < items.Count ? items[index + 1] : new Undefined("the item after the last"),
        ["cycle"] = (TemplateFunction)((arguments, _) => arguments[index % arguments.Count]),
    };

    /// <summary>Calls a value.</summary>
    public static object? Call(object? value, TemplateScope scope, Expression[] arguments, (string Name, Expression Value)[] named)
    {
        scope.Run.Step();
        TemplateArguments evaluated = TemplateArguments.Evaluate(scope, arguments, named);
        return value is TemplateFunction function
            ? function(evaluated.Positional, evaluated.Named)
            : throw new TemplateFaultException($"{Kind(value)} cannot be called");
    }

    /// <summary>What a value is, for messages.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"{undefined.Name}, which is not there,",
        bool => "a truth value",
        long or double => "a number",
        string => "a text",
        List<object?> => "a list",
        Dictionary<string, object?> => "a mapping",
        TemplateNamespace => "a namespace",
        _ => "a function",
    };

    private static string Quoted(object? value)
    {
        StringBuilder output = new();
        Quote(value, output, 0);
        return output.ToString();
    }

    private static void Quote(object? value, StringBuilder output, int depth)
    {
        switch (value)
        {
            case null:
                output.Append("None");
                break;
            case bool truth:
                output.Append(truth ? "True" : "False");
                break;
            case long number:
                output.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                output.Append(number == Math.Floor(number) && Math.Abs(number) < 1e16
                    ? number.ToString("F1", CultureInfo.InvariantCulture)
                    : number.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e'));
                break;
            case string text:
                output.Append(QuotedText(text));
                break;
            case List<object?> or Dictionary<string, object?> when depth == TemplateRun.Deepest:
                throw new TemplateFaultException($"a value is nested more than {TemplateRun.Deepest} deep");
            case List<object?> list:
                for (int i = 0; i < list.Count; i++)
                {
                    output.Append(i == 0 ? "[" : ", ");
                    Quote(list[i], output, depth + 1);
                }

                output.Append(list.Count == 0 ? "[]" : "]");
                break;
            case Dictionary<string, object?> mapping:
                output.Append('{');
                string separator = "";
                foreach ((string key, object? item) in mapping)
                {
                    output.Append(separator).Append(QuotedText(key)).Append(": ");
                    Quote(item, output, depth + 1);
                    separator = ", ";
                }

                output.Append('}');
                break;
            default:
                throw new TemplateFaultException($"{Kind(value)} cannot be written");
        }

        TemplateRun.CheckLength(output.Length);
    }

    private static string QuotedText(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        StringBuilder quoted = new();
        foreach (char character in text)
        {
            quoted.Append(character switch
            {
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                '\\' => "\\\\",
                _ when character == quote => $"\\{quote}",
                _ => character.ToString(),
            });
        }

        return $"{quote}{quoted}{quote}";
    }
}
