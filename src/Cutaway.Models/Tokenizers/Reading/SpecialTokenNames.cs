using System.Text.Json;
using Cutaway.Models.Architectures;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>What a model folder says about the tokens that start and end a text: by name in tokenizer_config.json, else by id in generation_config.json or config.json.</summary>
internal sealed class SpecialTokenNames
{
    private readonly ConfigReader?[] byId;
    private readonly ConfigReader? names;

    private SpecialTokenNames(ConfigReader? names, params ConfigReader?[] byId)
    {
        this.names = names;
        this.byId = byId;
    }

    /// <summary>Reads those files of a folder that are there.</summary>
    public static SpecialTokenNames Open(string folder) =>
        new(Find(folder, "tokenizer_config.json"), Find(folder, "generation_config.json"), Find(folder, "config.json"));

    /// <summary>What a configuration says by itself.</summary>
    public static SpecialTokenNames Of(ConfigReader config) => new(null, config);

    /// <summary>The id of the token that starts a text (of an encoder: the one whose vector stands for the whole), or null.</summary>
    public int? Begin(Vocabulary vocabulary) => Id("bos_token", vocabulary) ?? Id("cls_token", vocabulary);

    /// <summary>The id of the token that ends a text, or null.</summary>
    public int? End(Vocabulary vocabulary) => Id("eos_token", vocabulary) ?? Id("sep_token", vocabulary);

    /// <summary>The settings in a file of a folder, or null where it is absent.</summary>
    public static ConfigReader? Find(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? ConfigReader.Open(path) : null;
    }

    /// <summary>A token of tokenizer_config.json, given as a text or as an object with its content, or null.</summary>
    public static string? Name(ConfigReader names, string key) =>
        names.Find(key) is { ValueKind: JsonValueKind.Object } ? names.OptionalSection(key)!.Text("content") : names.OptionalText(key);

    private int? Id(string key, Vocabulary vocabulary)
    {
        if (names is not null && Name(names, key) is { } token)
        {
            return vocabulary.Demand(token, names.Source, $"'{key}'");
        }

        foreach (ConfigReader? config in byId)
        {
            // Several ids may end a text; the first is the one that the model was trained with.
            JsonElement? value = config?.Find($"{key}_id");
            value = value is { ValueKind: JsonValueKind.Array } several ? several.EnumerateArray().FirstOrDefault() : value;
            if (value is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int id) && vocabulary[id] is not null)
            {
                return id;
            }
        }

        return null;
    }
}
