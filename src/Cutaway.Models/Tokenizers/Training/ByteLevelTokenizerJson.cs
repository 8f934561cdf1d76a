using System.Text.Json;

namespace Cutaway.Models.Tokenizers.Training;

/// <summary>Writes a <c>tokenizer.json</c> of a byte-level tokenizer that puts a token before every text.</summary>
public static class ByteLevelTokenizerJson
{
    /// <summary>Writes the properties of the file's object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="special">The special tokens, whose ids are 0, 1, …; the first begins every text.</param>
    /// <param name="pattern">Regular expression whose matches are words, or null for GPT-2's.</param>
    /// <param name="model">Writes the properties of the model.</param>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<string> special, string? pattern, Action model)
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        foreach ((int id, string token) in special.Index())
        {
            Added(json, id, token);
        }

        json.WriteEndArray();
        json.WriteNull("normalizer");
        PreTokenizer(json, pattern);
        PostProcessor(json, special[0]);
        json.WriteStartObject("decoder");
        ByteLevel(json, words: true);
        json.WriteEndObject();
        json.WriteStartObject("model");
        model();
        json.WriteEndObject();
    }

    private static void Added(Utf8JsonWriter json, int id, string token)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("content", token);
        foreach (string flag in (ReadOnlySpan<string>)["single_word", "lstrip", "rstrip", "normalized"])
        {
            json.WriteBoolean(flag, false);
        }

        json.WriteBoolean("special", true);
        json.WriteEndObject();
    }

    private static void PreTokenizer(Utf8JsonWriter json, string? pattern)
    {
        json.WriteStartObject("pre_tokenizer");
        if (pattern is null)
        {
            ByteLevel(json, words: true);
        }
        else
        {
            json.WriteString("type", "Sequence");
            json.WriteStartArray("pretokenizers");
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", pattern);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteBoolean("invert", false);
            json.WriteEndObject();
            json.WriteStartObject();
            ByteLevel(json, words: false);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void PostProcessor(Utf8JsonWriter json, string begin)
    {
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        Template(json, "single", begin, "A");
        Template(json, "pair", begin, "A", "B");
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(begin);
        json.WriteString("id", begin);
        json.WriteStartArray("ids");
        json.WriteNumberValue(0);
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(begin);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void ByteLevel(Utf8JsonWriter json, bool words)
    {
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", false);
        json.WriteBoolean("use_regex", words);
    }

    private static void Template(Utf8JsonWriter json, string name, string begin, params ReadOnlySpan<string> sequences)
    {
        json.WriteStartArray(name);
        Piece(json, "SpecialToken", begin, 0);
        for (int i = 0; i < sequences.Length; i++)
        {
            Piece(json, "Sequence", sequences[i], i);
        }

        json.WriteEndArray();
    }

    private static void Piece(Utf8JsonWriter json, string kind, string id, int type)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", type);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
