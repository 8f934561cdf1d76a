using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cutaway.Training;

/// <summary>Recipes as JSON. Every key is checked by name, kind and range before a recipe is made of it.</summary>
internal static class RecipeReader
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(LowerCase.Policy, allowIntegerValues: false) },
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="CutawayException">It cannot be read, or a key or value in it is wrong; the key is named.</exception>
    public static Recipe Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), path) with { Folder = Path.GetDirectoryName(Path.GetFullPath(path))! };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the recipe {path} cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="CutawayException">A key or value is wrong; the key is named.</exception>
    public static Recipe Parse(string json, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Skip });
            CheckRecord(document.RootElement, typeof(Recipe), "", source);
            Recipe recipe = document.RootElement.Deserialize<Recipe>(Options)!;
            RecipeCheck.Together(recipe, source);
            return recipe;
        }
        catch (JsonException fault)
        {
            throw CutawayException.Input($"{source} is not valid JSON: {fault.Message}", fault);
        }
    }

    /// <summary>A recipe with every key written out, defaults too, so that two recipes can be compared.</summary>
    public static string ToJson(Recipe recipe) => JsonSerializer.Serialize(recipe, Options);

    /// <summary>The keys in which two recipes differ, each with its value in both.</summary>
    /// <param name="before">As <see cref="ToJson"/> writes it.</param>
    /// <param name="after">Likewise.</param>
    public static IEnumerable<string> Differences(string before, string after)
    {
        Dictionary<string, string> old = Leaves(before);
        Dictionary<string, string> now = Leaves(after);
        return old.Keys.Union(now.Keys)
            .Where(key => old.GetValueOrDefault(key) != now.GetValueOrDefault(key))
            .Select(key => $"'{key}' was {old.GetValueOrDefault(key, "absent")} and is {now.GetValueOrDefault(key, "absent")}");
    }

    private static Dictionary<string, string> Leaves(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        Dictionary<string, string> leaves = new(StringComparer.Ordinal);
        Collect(document.RootElement, "");
        return leaves;

        void Collect(JsonElement element, string path)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                leaves[path] = element.GetRawText();
                return;
            }

            foreach (JsonProperty property in element.EnumerateObject())
            {
                Collect(property.Value, Join(path, property.Name));
            }
        }
    }

    private static void CheckRecord(JsonElement element, Type type, string path, string source)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(element, path, source, "an object");
        }

        Dictionary<string, PropertyInfo> known = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetCustomAttribute<JsonIgnoreAttribute>() is null)
            .ToDictionary(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!known.TryGetValue(property.Name, out PropertyInfo? target))
            {
                string near = NearNames.Suggest(property.Name, known.Keys);
                throw CutawayException.Input(
                    $"there is no key '{Join(path, property.Name)}' in a recipe ({source}){(near.Length > 0 ? near : $"; there are {string.Join(", ", known.Keys)}")}");
            }

            CheckValue(property.Value, target, Join(path, property.Name), source);
        }

        foreach ((string name, PropertyInfo property) in known)
        {
            if (property.GetCustomAttribute<RequiredMemberAttribute>() is not null && !element.TryGetProperty(name, out _))
            {
                throw CutawayException.Input($"'{Join(path, name)}' is missing in {source}; {Expected(property)} was expected");
            }
        }
    }

    private static void CheckValue(JsonElement value, PropertyInfo property, string path, string source)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        bool mayBeNull = new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        if (value.ValueKind == JsonValueKind.Null)
        {
            if (!mayBeNull)
            {
                throw Wrong(value, path, source, Expected(property));
            }
        }
        else if (type.Namespace == typeof(Recipe).Namespace && type.IsClass)
        {
            CheckRecord(value, type, path, source);
        }
        else if (TryRead(value, type) is not { } read || property.GetCustomAttribute<RangeAttribute>()?.IsValid(read) == false)
        {
            throw Wrong(value, path, source, Expected(property));
        }
    }

    private static object? TryRead(JsonElement value, Type type)
    {
        try
        {
            return value.Deserialize(type, Options) is { } read && (read is not double number || double.IsFinite(number)) ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Expected(PropertyInfo property)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        string what = type switch
        {
            _ when type == typeof(int) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(string) => "a text",
            { IsEnum: true } => "one of " + string.Join(", ", Enum.GetNames(type).Select(LowerCase.Policy.ConvertName)),
            _ when typeof(IEnumerable).IsAssignableFrom(type) => type.GetGenericArguments().Length == 2 ? "an object of numbers" : "a list of texts",
            _ => "an object",
        };
        return property.GetCustomAttribute<RangeAttribute>() is not { } range
            ? what
            : what + range.Minimum switch
            {
                double.Epsilon => " above 0",
                IConvertible least when range.Maximum is int.MaxValue => $" from {Text(least)} up",
                object least => $" from {Text(least)} to {Text(range.Maximum)}",
            };
    }

    private static string Text(object number) => Convert.ToString(number, CultureInfo.InvariantCulture)!;

    private static CutawayException Wrong(JsonElement value, string path, string source, string expected)
    {
        string found = value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            _ => value.GetRawText(),
        };
        return CutawayException.Input(path.Length == 0 ? $"{source} holds {found}; {expected} was expected" : $"'{path}' in {source} is {found}; {expected} was expected");
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>Names of choices as they are spoken: AdamW is adamw.</summary>
    private sealed class LowerCase : JsonNamingPolicy
    {
        public static readonly LowerCase Policy = new();

        public override string ConvertName(string name) => name.ToLowerInvariant();
    }
}
