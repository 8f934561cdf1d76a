using System.Text.Json;

namespace Cutaway.Sentences;

/// <summary>How the states of a text's tokens become one vector.</summary>
public enum Pooling
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The first one: BERT's [CLS].</summary>
    First,

    /// <summary>The last one.</summary>
    Last,

    /// <summary>The largest value of each dimension.</summary>
    Max,

    /// <summary>Their sum over the square root of their number.</summary>
    MeanSquareRoot,
}

/// <summary>How a model makes embeddings of texts (Reimers and Gurevych 2019, "Sentence-BERT").</summary>
/// <param name="Pooling">How states become one vector.</param>
/// <param name="Normalized">Whether vectors are divided by their length.</param>
/// <param name="MaxTokens">Texts are cut to this many tokens, those around a text counted; null for the model's context.</param>
/// <param name="LowerCase">Whether texts are put in lower case before they are cut into tokens.</param>
public sealed record SentenceSettings(Pooling Pooling = Pooling.Mean, bool Normalized = false, int? MaxTokens = null, bool LowerCase = false)
{
    private static readonly (string Key, Pooling Pooling)[] Modes =
    [
        ("pooling_mode_mean_tokens", Pooling.Mean),
        ("pooling_mode_cls_token", Pooling.First),
        ("pooling_mode_lasttoken", Pooling.Last),
        ("pooling_mode_max_tokens", Pooling.Max),
        ("pooling_mode_mean_sqrt_len_tokens", Pooling.MeanSquareRoot),
    ];

    /// <summary>The settings that sentence-transformers keeps in a model's folder; where it has none, the mean, not normalised.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CutawayException">A file cannot be read, or asks for a step that is not supported.</exception>
    internal static SentenceSettings Read(string folder)
    {
        string modules = Path.Combine(folder, "modules.json");
        if (!File.Exists(modules))
        {
            return new();
        }

        SentenceSettings settings = new();
        foreach (JsonElement module in Open(modules, JsonValueKind.Array).EnumerateArray())
        {
            string type = Text(module, "type", modules);
            settings = type[(type.LastIndexOf('.') + 1)..] switch
            {
                "Transformer" => OfTransformer(settings, Path.Combine(folder, Text(module, "path", modules), "sentence_bert_config.json")),
                "Pooling" => settings with { Pooling = PoolingOf(Path.Combine(folder, Text(module, "path", modules), "config.json")) },
                "Normalize" => settings with { Normalized = true },
                _ => throw CutawayException.Model($"{modules} asks for the step '{type}'; Transformer, Pooling and Normalize are supported"),
            };
        }

        return settings;
    }

    private static SentenceSettings OfTransformer(SentenceSettings settings, string path)
    {
        if (!File.Exists(path))
        {
            return settings;
        }

        JsonElement root = Open(path, JsonValueKind.Object);
        int? most = null;
        if (root.TryGetProperty("max_seq_length", out JsonElement length) && length.ValueKind != JsonValueKind.Null)
        {
            most = length.ValueKind == JsonValueKind.Number && length.TryGetInt32(out int count) && count > 0
                ? count
                : throw CutawayException.Model($"'max_seq_length' in {path} is {length.GetRawText()}; a whole number from 1 up was expected");
        }

        return settings with { MaxTokens = most, LowerCase = IsTrue(root, "do_lower_case") };
    }

    private static Pooling PoolingOf(string path)
    {
        JsonElement root = Open(path, JsonValueKind.Object);
        string[] asked = [.. root.EnumerateObject().Where(property => property.Name.StartsWith("pooling_mode", StringComparison.Ordinal) && IsTrue(root, property.Name)).Select(property => property.Name)];
        (string Key, Pooling Pooling)[] known = [.. Modes.Where(mode => asked.Contains(mode.Key))];
        return asked.Length == 1 && known.Length == 1
            ? known[0].Pooling
            : throw CutawayException.Model(
                $"{path} asks for {(asked.Length == 0 ? "no pooling" : string.Join(" and ", asked))}; exactly one of {string.Join(", ", Modes.Select(mode => mode.Key))} is supported");
    }

    private static bool IsTrue(JsonElement root, string key) => root.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static string Text(JsonElement module, string key, string path) =>
        module.ValueKind == JsonValueKind.Object && module.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw CutawayException.Model($"a step in {path} has no '{key}'; type and path of each were expected");

    private static JsonElement Open(string path, JsonValueKind kind)
    {
        try
        {
            JsonElement root = JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
            return root.ValueKind == kind ? root : throw CutawayException.Model($"{path} holds a JSON {root.ValueKind}; {kind} was expected");
        }
        catch (JsonException fault)
        {
            throw CutawayException.Model($"{path} is not valid JSON: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} could not be read: {fault.Message}", fault);
        }
    }
}
