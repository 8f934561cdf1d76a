using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Attributes, items, slices and methods of values.</summary>
internal static class TemplateMembers
{
    /// <summary>The attribute <c>value.name</c>: a method, else an entry.</summary>
    public static object? Attribute(object? value, string name) => value switch
    {
        TemplateNamespace space => space.Values.TryGetValue(name, out object? found) ? found : new Undefined($"'{name}'"),
        Dictionary<string, object?> mapping => (object?)MappingMethod(mapping, name) ?? Item(mapping, name),
        string text => (object?)TextMethod(text, name) ?? new Undefined($"'{name}'"),
        List<object?> list => (object?)ListMethod(list, name) ?? new Undefined($"'{name}'"),
        Undefined undefined => throw new TemplateFaultException($"{undefined.Name} is not there, so that it has no '{name}'"),
        _ => new Undefined($"'{name}'"),
    };

    /// <summary>The item <c>value[index]</c>.</summary>
    public static object? Item(object? value, object? index)
    {
        switch (value, index)
        {
            case (Dictionary<string, object?> mapping, string key):
                return mapping.TryGetValue(key, out object? found) ? found : new Undefined($"'{key}'");
            case (List<object?> or string, long number):
                List<object?> items = TemplateValues.Items(value);
                long at = number < 0 ? number + items.Count : number;
                return at >= 0 && at < items.Count ? items[(int)at] : new Undefined($"item {number}");
            case (Undefined undefined, _):
                throw new TemplateFaultException($"{undefined.Name} is not there, so that it has no items");
            default:
                return index is string name ? Attribute(value, name) : new Undefined("an item");
        }
    }

    /// <summary>The slice <c>value[from:to:step]</c>.</summary>
    public static object? Slice(object? value, object? from, object? to, object? step)
    {
        List<object?> items = TemplateValues.Items(value);
        long by = step as long? ?? 1;
        if (by == 0)
        {
            throw new TemplateFaultException("a slice cannot go in steps of 0");
        }

        long Bound(object? bound, long absent) => bound is long number
            ? Math.Clamp(number < 0 ? number + items.Count : number, by > 0 ? 0 : -1, by > 0 ? items.Count : items.Count - 1)
            : absent;
        List<object?> slice = [];
        long end = Bound(to, by > 0 ? items.Count : -1);
        for (long at = Bound(from, by > 0 ? 0 : items.Count - 1); by > 0 ? at < end : at > end; at += by)
        {
            slice.Add(items[(int)at]);
        }

        return value is string ? string.Concat(slice) : slice;
    }

    private static TemplateFunction? MappingMethod(Dictionary<string, object?> mapping, string name) => name switch
    {
        "items" => (_, _) => mapping.Select(pair => (object?)new List<object?> { pair.Key, pair.Value }).ToList(),
        "keys" => (_, _) => mapping.Keys.Select(key => (object?)key).ToList(),
        "values" => (_, _) => mapping.Values.ToList(),
        "get" => (arguments, _) => arguments is [string key, ..] && mapping.TryGetValue(key, out object? found) ? found : arguments.ElementAtOrDefault(1),
        _ => null,
    };

    // Templates are rendered in a sandbox that keeps them from changing a list, so that there is no append.
    private static TemplateFunction? ListMethod(List<object?> list, string name) => name switch
    {
        "count" => (arguments, _) => (long)list.Count(item => TemplateOperators.AreEqual(item, arguments.ElementAtOrDefault(0))),
        "index" => (arguments, _) => list.FindIndex(item => TemplateOperators.AreEqual(item, arguments.ElementAtOrDefault(0))) is >= 0 and int at
            ? (long)at
            : throw new TemplateFaultException("the list does not hold what is looked for"),
        "copy" => (_, _) => list.ToList(),
        _ => null,
    };

    private static TemplateFunction? TextMethod(string text, string name)
    {
        Func<TemplateArguments, object?>? method = name switch
        {
            "strip" => given => Strip(text, given, atStart: true, atEnd: true),
            "lstrip" => given => Strip(text, given, atStart: true, atEnd: false),
            "rstrip" => given => Strip(text, given, atStart: false, atEnd: true),
            "lower" => _ => text.ToLowerInvariant(),
            "upper" => _ => text.ToUpperInvariant(),
            "title" => _ => TemplateFilters.Title(text),
            "capitalize" => _ => TemplateFilters.Capitalize(text),
            "startswith" => given => Any(given, part => text.StartsWith(part, StringComparison.Ordinal)),
            "endswith" => given => Any(given, part => text.EndsWith(part, StringComparison.Ordinal)),
            "replace" => given => TemplateFilters.Replace(text, given),
            "split" => given => Split(text, given),
            "rsplit" => given => SplitFromRight(text, given),
            "splitlines" => _ => Lines(text),
            "removeprefix" => given => given.Text(0, "prefix", "") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
            "removesuffix" => given => given.Text(0, "suffix", "") is { Length: > 0 } suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
            "isdigit" => _ => text.Length > 0 && text.All(char.IsDigit),
            "isalpha" => _ => text.Length > 0 && text.All(char.IsLetter),
            "isalnum" => _ => text.Length > 0 && text.All(char.IsLetterOrDigit),
            "isspace" => _ => text.Length > 0 && text.All(char.IsWhiteSpace),
            "islower" => _ => text.Any(char.IsLower) && !text.Any(char.IsUpper),
            "isupper" => _ => text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "rfind" => given => (long)text.LastIndexOf(given.Text(0, "part", ""), StringComparison.Ordinal),
            "format" => given => Format(text, given),
            "join" => given => string.Join(text, TemplateValues.Items(given.Get(0, "items", null)).Select(TemplateValues.Text)),
            "find" => given => (long)text.IndexOf(given.Text(0, "part", ""), StringComparison.Ordinal),
            "count" => given => (long)(given.Text(0, "part", "") is { Length: > 0 } part ? text.Split(part).Length - 1 : text.Length + 1),
            _ => null,
        };
        return method is null ? null : (arguments, named) => method(new TemplateArguments(arguments, named));
    }

    private static string Strip(string text, TemplateArguments given, bool atStart, bool atEnd)
    {
        char[]? characters = given.Get(0, "chars", null) is null ? null : given.Text(0, "chars", "").ToCharArray();
        text = atStart ? text.TrimStart(characters) : text;
        return atEnd ? text.TrimEnd(characters) : text;
    }

    private static bool Any(TemplateArguments given, Func<string, bool> test) =>
        given.Get(0, "part", null) is List<object?> several ? several.OfType<string>().Any(test) : test(given.Text(0, "part", ""));

    private static List<object?> Split(string text, TemplateArguments given)
    {
        int count = given.Get(1, "maxsplit", -1L) is long most and >= 0 ? (int)Math.Min(most, int.MaxValue - 1) + 1 : int.MaxValue;
        return given.Get(0, "sep", null) is string separator
            ? [.. text.Split(separator, count)]
            : [.. text.Split((char[]?)null, count, StringSplitOptions.RemoveEmptyEntries)];
    }

    private static List<object?> SplitFromRight(string text, TemplateArguments given)
    {
        if (given.Get(0, "sep", null) is not string { Length: > 0 } separator || given.Get(1, "maxsplit", -1L) is not (long most and >= 0))
        {
            return Split(text, given);
        }

        List<object?> parts = [];
        while (most-- > 0 && text.LastIndexOf(separator, StringComparison.Ordinal) is >= 0 and int at)
        {
            parts.Insert(0, text[(at + separator.Length)..]);
            text = text[..at];
        }

        parts.Insert(0, text);
        return parts;
    }

    private static List<object?> Lines(string text)
    {
        List<object?> lines = [.. text.ReplaceLineEndings("\n").Split('\n')];
        if (lines is [.., ""])
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines;
    }

    /// <summary>Python's <c>str.format</c> with places that are empty, numbered or named.</summary>
    private static string Format(string text, TemplateArguments given)
    {
        StringBuilder output = new();
        int next = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
            {
                output.Append(text[i++]);
                continue;
            }

            int end = text[i] == '{' ? text.IndexOf('}', i) : -1;
            if (end < 0)
            {
                output.Append(text[i]);
                continue;
            }

            string name = text[(i + 1)..end];
            int place = name.Length == 0 ? next++ : int.TryParse(name, CultureInfo.InvariantCulture, out int number) ? number : -1;
            output.Append(TemplateValues.Text(given.Get(place, name, new Undefined($"'{name}'")) is Undefined missing
                ? throw new TemplateFaultException($"format is given nothing for {missing.Name}")
                : given.Get(place, name, null)));
            TemplateRun.CheckLength(output.Length);
            i = end;
        }

        return output.ToString();
    }
}
