using System.Text.Json;
using Cutaway.Models.Tokenizers.Training;

namespace Cutaway.Organisms;

/// <summary>Writes <c>wired</c>'s tokenizer.json: words split as GPT-2's byte-level pre-tokenizer does, one id a word, and a token that begins every text.</summary>
internal static class WiredTokenizer
{
    /// <summary>Writes the properties of the file's object.</summary>
    public static void Write(Utf8JsonWriter json) =>
        ByteLevelTokenizerJson.Write(json, [WiredVocabulary.Start, WiredVocabulary.Unknown], pattern: null, () =>
        {
            json.WriteString("type", "WordLevel");
            json.WriteStartObject("vocab");
            for (int id = 0; id < WiredVocabulary.Tokens.Count; id++)
            {
                // The byte-level alphabet writes a space as Ġ.
                json.WriteNumber(WiredVocabulary.Tokens[id].Text.Replace(' ', 'Ġ'), id);
            }

            json.WriteEndObject();
            json.WriteString("unk_token", WiredVocabulary.Unknown);
        });
}
