using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>A filter, <c>value | name</c>.</summary>
internal delegate object? TemplateFilter(object? value, TemplateArguments arguments);

/// <summary>The filters that templates use.</summary>
internal static class TemplateFilters
{
    private static readonly Dictionary<string, TemplateFilter> All = new(StringComparer.Ordinal)
    {
        ["trim"] = (value, given) => given.Get(0, "chars", null) is string characters ? Text(value).Trim(characters.ToCharArray()) : Text(value).Trim(),
        ["lower"] = (value, _) => Text(value).ToLowerInvariant(),
        ["upper"] = (value, _) => Text(value).ToUpperInvariant(),
        ["title"] = (value, _) => Title(Text(value)),
        ["capitalize"] = (value, _) => Capitalize(Text(value)),
        ["string"] = (value, _) => Text(value),
        ["safe"] = (value, _) => value,
        ["length"] = (value, _) => (long)TemplateValues.Items(value).Count,
        ["count"] = (value, _) => (long)TemplateValues.Items(value).Count,
        ["first"] = (value, _) => TemplateMembers.Item(TemplateValues.Items(value), 0L),
        ["last"] = (value, _) => TemplateMembers.Item(TemplateValues.Items(value), -1L),
        ["list"] = (value, _) => TemplateValues.Items(value).ToList(),
        ["reverse"] = (value, _) => TemplateMembers.Slice(value, null, null, -1L),
        ["join"] = (value, given) => string.Join(given.Text(0, "d", ""), TemplateValues.Items(value).Select(TemplateValues.Text)),
        ["replace"] = (value, given) => Replace(Text(value), given),
        ["default"] = Default,
        ["d"] = Default,
        ["int"] = (value, _) => value switch { double number => (long)number, long => value, string text when long.TryParse(text, CultureInfo.InvariantCulture, out long number) => number, _ => 0L },
        ["items"] = (value, _) => value is Undefined ? new List<object?>() : (TemplateMembers.Attribute(value, "items") as TemplateFunction
            ?? throw new TemplateFaultException($"{TemplateValues.Kind(value)} has no items"))([], new Dictionary<string, object?>()),
        ["map"] = (value, given) => TemplateValues.Items(value).ConvertAll(item => given.Named.TryGetValue("attribute", out object? name)
            ? TemplateMembers.Item(item, name)
            : (Find(given.Text(0, "filter", "")) ?? throw new TemplateFaultException("map needs a filter that is known, or attribute="))(item, Rest(given, 1))),
        ["select"] = (value, given) => TemplateValues.Items(value).FindAll(item => Holds(item, given, 0)),
        ["reject"] = (value, given) => TemplateValues.Items(value).FindAll(item => !Holds(item, given, 0)),
        ["selectattr"] = (value, given) => TemplateValues.Items(value).FindAll(item => Holds(TemplateMembers.Item(item, given.Get(0, "name", "")), given, 1)),
        ["rejectattr"] = (value, given) => TemplateValues.Items(value).FindAll(item => !Holds(TemplateMembers.Item(item, given.Get(0, "name", "")), given, 1)),
        ["indent"] = (value, given) => Indent(Text(value), given),
        ["tojson"] = (value, given) => TemplateJson.Write(value, given.Get(0, "indent", null) is long spaces ? (int)Math.Clamp(spaces, 0, 64) : null),
    };

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => All.Keys;

    /// <summary>The filter of a name, or null.</summary>
    public static TemplateFilter? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>Each word with a capital.</summary>
    public static string Title(string text)
    {
        StringBuilder title = new(text.Length);
        foreach (char character in text)
        {
            bool inside = title.Length > 0 && char.IsLetter(title[^1]);
            title.Append(inside ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));
        }

        return title.ToString();
    }

    /// <summary>The first letter a capital, the rest small.</summary>
    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>One part for another, everywhere or so many times.</summary>
    public static string Replace(string text, TemplateArguments given)
    {
        string old = given.Text(0, "old", "");
        string[] parts = old.Length == 0 ? [text] : text.Split(old, given.Get(2, "count", null) is long count and >= 0 ? (int)Math.Min(count, int.MaxValue - 1) + 1 : int.MaxValue);
        string replacement = given.Text(1, "new", "");
        TemplateRun.CheckLength(text.Length + ((long)parts.Length * replacement.Length));
        return string.Join(replacement, parts);
    }

    private static string Text(object? value) => TemplateValues.Text(value);

    private static object? Default(object? value, TemplateArguments given) =>
        value is Undefined || (TemplateValues.IsTrue(given.Get(1, "boolean", false)) && !TemplateValues.IsTrue(value)) ? given.Get(0, "default_value", "") : value;

    private static TemplateArguments Rest(TemplateArguments given, int from) => given with { Positional = [.. given.Positional.Skip(from)] };

    private static bool Holds(object? value, TemplateArguments given, int at) => given.Positional.Count <= at
        ? TemplateValues.IsTrue(value)
        : (TemplateTests.Find(given.Text(at, "test", "")) ?? throw new TemplateFaultException($"the test '{given.Text(at, "test", "")}' is not known here"))(
            value, given.Positional.ElementAtOrDefault(at + 1));

    private static string Indent(string text, TemplateArguments given)
    {
        string margin = given.Get(0, "width", 4L) is long width ? new string(' ', (int)Math.Clamp(width, 0, 1024)) : given.Text(0, "width", "");
        string[] lines = text.Split('\n');
        return (TemplateValues.IsTrue(given.Get(1, "first", false)) ? margin : "")
            + string.Join('\n', lines.Select((line, index) => index > 0 && line.Length > 0 ? margin + line : line));
    }
}
