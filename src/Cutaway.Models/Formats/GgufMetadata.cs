namespace Cutaway.Models.Formats;

/// <summary>
/// The metadata of a GGUF file by key. <c>Get…</c> demands a key and names it where it is missing; <c>Find…</c> returns null instead.
/// Both throw where the value is of another type.
/// </summary>
public sealed class GgufMetadata
{
    private readonly Dictionary<string, GgufValue> values;
    private readonly string source;

    internal GgufMetadata(Dictionary<string, GgufValue> values, string source)
    {
        this.values = values;
        this.source = source;
    }

    /// <summary>All values by key.</summary>
    public IReadOnlyDictionary<string, GgufValue> Values => values;

    /// <summary>The value of a key.</summary>
    /// <exception cref="CutawayException">The key is missing.</exception>
    public GgufValue this[string key] =>
        values.GetValueOrDefault(key) ?? throw CutawayException.Model($"{source} lacks the metadata key '{key}'; convert the model again with a current converter");

    /// <summary>The text of a key.</summary>
    public string GetString(string key) => this[key].AsString();

    /// <summary>The integer of a key.</summary>
    public int GetInt(string key) => this[key].AsInt();

    /// <summary>The number of a key.</summary>
    public double GetFloat(string key) => this[key].AsFloat();

    /// <summary>The truth value of a key.</summary>
    public bool GetBool(string key) => this[key].AsBool();

    /// <summary>The texts of a key.</summary>
    public string[] GetStrings(string key) => this[key].AsStrings();

    /// <summary>The integers of a key.</summary>
    public int[] GetInts(string key) => this[key].AsInts();

    /// <summary>The numbers of a key.</summary>
    public float[] GetFloats(string key) => this[key].AsFloats();

    /// <summary>The text of a key, or null where it is missing.</summary>
    public string? FindString(string key) => values.GetValueOrDefault(key)?.AsString();

    /// <summary>The integer of a key, or null where it is missing.</summary>
    public int? FindInt(string key) => values.GetValueOrDefault(key)?.AsInt();

    /// <summary>The number of a key, or null where it is missing.</summary>
    public double? FindFloat(string key) => values.GetValueOrDefault(key)?.AsFloat();

    /// <summary>The truth value of a key, or null where it is missing.</summary>
    public bool? FindBool(string key) => values.GetValueOrDefault(key)?.AsBool();

    /// <summary>The texts of a key, or null where it is missing.</summary>
    public string[]? FindStrings(string key) => values.GetValueOrDefault(key)?.AsStrings();

    /// <summary>The integers of a key, or null where it is missing.</summary>
    public int[]? FindInts(string key) => values.GetValueOrDefault(key)?.AsInts();

    /// <summary>Whether a key is there.</summary>
    public bool Contains(string key) => values.ContainsKey(key);
}
