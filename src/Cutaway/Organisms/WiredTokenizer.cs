using System.Text.Json;

namespace Cutaway.Organisms;

/// <summary>Writes <c>wired</c>'s tokenizer.json: words split as GPT-2's byte-level pre-tokenizer does, one id a word, and a token that begins every text.</summary>
internal static class WiredTokenizer
{
    /// <summary>Writes the properties of the file's object.</summary>
    public static void Write(Utf8JsonWriter json)
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        Added(json, WiredVocabulary.Start);
        Added(json, WiredVocabulary.Unknown);
        json.WriteEndArray();
        json.WriteNull("normalizer");
        ByteLevel(json, "pre_tokenizer");
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        Template(json, "single", "A");
        Template(json, "pair", "A", "B");
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(WiredVocabulary.Start);
        json.WriteString("id", WiredVocabulary.Start);
        json.WriteStartArray("ids");
        json.WriteNumberValue(WiredVocabulary.Id(WiredVocabulary.Start));
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(WiredVocabulary.Start);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        ByteLevel(json, "decoder");
        Model(json);
    }

    private static void Model(Utf8JsonWriter json)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "WordLevel");
        json.WriteStartObject("vocab");
        for (int id = 0; id < WiredVocabulary.Tokens.Count; id++)
        {
            // The byte-level alphabet writes a space as Ġ.
            json.WriteNumber(WiredVocabulary.Tokens[id].Text.Replace(' ', 'Ġ'), id);
        }

        json.WriteEndObject();
        json.WriteString("unk_token", WiredVocabulary.Unknown);
        json.WriteEndObject();
    }

    private static void Added(Utf8JsonWriter json, string token)
    {
        json.WriteStartObject();
        json.WriteNumber("id", WiredVocabulary.Id(token));
        json.WriteString("content", token);
        foreach (string flag in (ReadOnlySpan<string>)["single_word", "lstrip", "rstrip", "normalized"])
        {
            json.WriteBoolean(flag, false);
        }

        json.WriteBoolean("special", true);
        json.WriteEndObject();
    }

    private static void ByteLevel(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", false);
        json.WriteBoolean("use_regex", true);
        json.WriteEndObject();
    }

    private static void Template(Utf8JsonWriter json, string name, params ReadOnlySpan<string> sequences)
    {
        json.WriteStartArray(name);
        Piece(json, "SpecialToken", WiredVocabulary.Start, 0);
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
