using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Cutaway.Models.Architectures;

/// <summary>Reads a <c>config.json</c> key by key; every error names the key, its file, what was found and what was expected.</summary>
internal sealed class ConfigReader
{
    private const int LongestFile = 16 << 20;

    private readonly JsonElement values;
    private readonly string section;

    private ConfigReader(JsonElement values, string source, string section)
    {
        this.values = values;
        this.section = section;
        Source = source;
    }

    /// <summary>The file, for messages.</summary>
    public string Source { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="CutawayException">It is missing, unreadable, or not a JSON object.</exception>
    public static ConfigReader Open(string path) => Parse(ReadFile(path), path);

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="CutawayException">It is missing, unreadable, or larger than a configuration.</exception>
    public static byte[] ReadFile(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > LongestFile)
            {
                throw CutawayException.Model($"{path} has {stream.Length} bytes; a configuration of at most {LongestFile} was expected");
            }

            byte[] bytes = new byte[(int)stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CutawayException.Model($"{path} is missing; a model folder needs a config.json beside its weights", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} could not be read: {fault.Message}", fault);
        }
    }

    /// <summary>Reads JSON text.</summary>
    /// <exception cref="CutawayException">It is not a JSON object, or a key occurs twice.</exception>
    public static ConfigReader Parse(ReadOnlyMemory<byte> json, string source)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw CutawayException.Model($"{source} is not valid JSON: it is not UTF-8");
        }

        try
        {
            JsonDocumentOptions options = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
            JsonElement root = JsonDocument.Parse(json, options).RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? new ConfigReader(root, source, string.Empty)
                : throw CutawayException.Model($"{source} holds a JSON {Describe(root)}; an object was expected");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw CutawayException.Model($"{source} is not valid JSON: {fault.Message}", fault);
        }
    }

    /// <summary>A value of any kind, or null where absent.</summary>
    public JsonElement? Find(string key) =>
        values.TryGetProperty(key, out JsonElement value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    /// <summary>Whether a key is there and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>A whole number of at least 1 and at most <paramref name="limit"/>, under the first key or one of its other names, which must agree.</summary>
    public int Size(int limit, params ReadOnlySpan<string> keys) => OptionalSize(limit, keys) ?? throw Missing(keys[0], "a whole number");

    /// <summary>As <see cref="Size"/>, or null where absent.</summary>
    public int? OptionalSize(int limit, params ReadOnlySpan<string> keys) => Whole(1, limit, keys);

    /// <summary>A whole number of at least 0 and at most <paramref name="limit"/>, or null where absent.</summary>
    public int? OptionalCount(int limit, params ReadOnlySpan<string> keys) => Whole(0, limit, keys);

    /// <summary>A finite number above zero.</summary>
    public double Positive(params ReadOnlySpan<string> keys) => OptionalPositive(keys) ?? throw Missing(keys[0], "a number above 0");

    /// <summary>As <see cref="Positive"/>, or null where absent.</summary>
    public double? OptionalPositive(params ReadOnlySpan<string> keys) => Agreeing(keys, (key, value) =>
    {
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) && number > 0
            ? number
            : throw Wrong(key, value, "a finite number above 0");
    });

    /// <summary>True or false, or <paramref name="absent"/>.</summary>
    public bool Flag(string key, bool absent) => Find(key) is not { } value
        ? absent
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(key, value, "true or false"),
        };

    /// <summary>A text.</summary>
    public string Text(string key) => OptionalText(key) ?? throw Missing(key, "a text");

    /// <summary>A text, or null where absent.</summary>
    public string? OptionalText(string key) => Find(key) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(key, value, "a text");

    /// <summary>A list of texts, or null where absent.</summary>
    public IReadOnlyList<string>? OptionalTexts(string key) => OptionalList(key, "texts", item => item.ValueKind == JsonValueKind.String ? item.GetString() : null);

    /// <summary>A list of positive numbers of the given length.</summary>
    public IReadOnlyList<double> Positives(string key, int count)
    {
        List<double?> numbers = OptionalList<double?>(
            key,
            "numbers above 0",
            item => item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out double number) && double.IsFinite(number) && number > 0 ? number : null)
            ?? throw Missing(key, $"{count} numbers");
        return numbers.Count == count
            ? [.. numbers.Select(number => number!.Value)]
            : throw CutawayException.Model($"'{section}{key}' in {Source} has {numbers.Count} numbers; {count} were expected, one a rotated pair");
    }

    /// <summary>A list of whole numbers from 0 up, or null where absent.</summary>
    public IReadOnlyList<int>? OptionalCounts(string key) => OptionalList<int?>(
        key, "whole numbers", item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number) && number >= 0 ? number : null)?.ConvertAll(number => number!.Value);

    /// <summary>A list of as many zeros and ones, or null where absent.</summary>
    public IReadOnlyList<bool>? OptionalFlags(string key, int count)
    {
        List<bool?>? flags = OptionalList<bool?>(key, "zeros and ones", item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number) && number is 0 or 1 ? number == 1 : null);
        return flags is null || flags.Count == count ? flags?.ConvertAll(flag => flag!.Value) : throw Fault(key, $"a list of {flags.Count}", $"{count} were expected");
    }

    /// <summary>An object, or null where absent.</summary>
    public ConfigReader? OptionalSection(string key) => Find(key) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Object ? new ConfigReader(value, Source, $"{section}{key}.") : throw Wrong(key, value, "an object");

    /// <summary>A list of objects, or null where absent.</summary>
    public IReadOnlyList<ConfigReader>? OptionalSections(string key) => OptionalList(
        key, "objects", item => item.ValueKind == JsonValueKind.Object ? new ConfigReader(item, Source, $"{section}{key}.") : null);

    /// <summary>The error for a value that contradicts another or cannot be used.</summary>
    public CutawayException Fault(string key, object found, string expected) =>
        CutawayException.Model(string.Create(CultureInfo.InvariantCulture, $"'{section}{key}' in {Source} is {found}; {expected}"));

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => $"list of {value.GetArrayLength()}",
        JsonValueKind.String or JsonValueKind.Number when value.GetRawText() is { Length: <= 40 } text => text,
        JsonValueKind.String => "a long text",
        JsonValueKind.Number => "a long number",
        _ => value.ValueKind.ToString().ToLowerInvariant(),
    };

    private CutawayException Missing(string key, string expected) => CutawayException.Model($"'{section}{key}' is missing in {Source}; {expected} was expected");

    private CutawayException Wrong(string key, JsonElement value, string expected) => Fault(key, Describe(value), $"{expected} was expected");

    private int? Whole(int least, int most, ReadOnlySpan<string> keys) => Agreeing(keys, (key, value) =>
    {
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number == Math.Floor(number) && number >= least && number <= most
            ? (int)number
            : throw Wrong(key, value, $"a whole number from {least} to {most}");
    });

    private T? Agreeing<T>(ReadOnlySpan<string> keys, Func<string, JsonElement, T> read)
        where T : struct
    {
        T? result = null;
        string first = string.Empty;
        foreach (string key in keys)
        {
            if (Find(key) is not { } value)
            {
                continue;
            }

            T found = read(key, value);
            if (result is { } earlier && !earlier.Equals(found))
            {
                throw Fault(key, found, string.Create(CultureInfo.InvariantCulture, $"'{section}{first}' says {earlier} for the same thing"));
            }

            result = found;
            first = key;
        }

        return result;
    }

    private List<T>? OptionalList<T>(string key, string expected, Func<JsonElement, T?> read)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(key, value, $"a list of {expected}");
        }

        List<T> items = [];
        foreach (JsonElement item in value.EnumerateArray())
        {
            items.Add(read(item) ?? throw Wrong(key, item, $"a list of {expected}"));
        }

        return items;
    }
}
