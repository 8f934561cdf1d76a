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
        ["tojson"] = TemplateJson.Write,
        ["dictsort"] = DictSort,
        ["sort"] = Sort,
        ["min"] = (value, _) => TemplateValues.Items(value) is { Count: > 0 } items ? items.MinBy(item => item, Order) : new Undefined("the least of nothing"),
        ["max"] = (value, _) => TemplateValues.Items(value) is { Count: > 0 } items ? items.MaxBy(item => item, Order) : new Undefined("the greatest of nothing"),
        ["sum"] = (value, given) => TemplateValues.Items(value).Aggregate(given.Get(1, "start", 0L), (total, item) =>
            TemplateOperators.Binary("+", total, given.Get(0, "attribute", null) is { } name ? TemplateMembers.Item(item, name) : item)),
        ["abs"] = (value, _) => value switch { long number => number < 0 ? TemplateOperators.Binary("-", 0L, number) : number, double number => Math.Abs(number), _ => throw new TemplateFaultException($"{TemplateValues.Kind(value)} has no absolute value") },
        ["float"] = (value, given) => value switch { double => value, long number => (double)number, string text when double.TryParse(text, CultureInfo.InvariantCulture, out double number) => number, _ => given.Get(0, "default", 0.0) },
        ["round"] = (value, given) => value is long or double
            ? Math.Round(Convert.ToDouble(value, CultureInfo.InvariantCulture), given.Get(0, "precision", 0L) is long digits ? (int)Math.Clamp(digits, 0, 15) : 0)
            : throw new TemplateFaultException($"{TemplateValues.Kind(value)} cannot be rounded"),
        ["attr"] = (value, given) => TemplateMembers.Attribute(value, given.Text(0, "name", "")),
        ["escape"] = (value, _) => Escape(Text(value)),
        ["e"] = (value, _) => Escape(Text(value)),
        ["wordcount"] = (value, _) => (long)Text(value).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
        ["batch"] = (value, given) => TemplateValues.Items(value).Chunk(given.Get(0, "linecount", 1L) is long size and > 0 ? (int)Math.Min(size, int.MaxValue) : 1).Select(object? (part) => part.ToList()).ToList(),
    };

    private static Comparer<object?> Order { get; } = Comparer<object?>.Create(TemplateOperators.Order);

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

    private static List<object?> DictSort(object? value, TemplateArguments given)
    {
        Dictionary<string, object?> mapping = value as Dictionary<string, object?> ?? throw new TemplateFaultException($"{TemplateValues.Kind(value)} has no keys to sort");
        int by = given.Text(1, "by", "key") == "value" ? 1 : 0;
        List<object?> pairs = [.. mapping.Select(object? (pair) => new List<object?> { pair.Key, pair.Value })];
        return Sorted(pairs, pair => ((List<object?>)pair!)[by], TemplateValues.IsTrue(given.Get(0, "case_sensitive", false)), TemplateValues.IsTrue(given.Get(2, "reverse", false)));
    }

    private static List<object?> Sort(object? value, TemplateArguments given) => Sorted(
        TemplateValues.Items(value),
        item => given.Get(2, "attribute", null) is { } name ? TemplateMembers.Item(item, name) : item,
        TemplateValues.IsTrue(given.Get(1, "case_sensitive", false)),
        TemplateValues.IsTrue(given.Get(0, "reverse", false)));

    /// <summary>Equal items keep their order, also where it is reversed.</summary>
    private static List<object?> Sorted(List<object?> items, Func<object?, object?> key, bool isCaseSensitive, bool isReversed)
    {
        object? Key(object? item) => key(item) is var value && value is string text && !isCaseSensitive ? text.ToLowerInvariant() : value;
        return isReversed ? [.. items.OrderByDescending(Key, Order)] : [.. items.OrderBy(Key, Order)];
    }

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

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
