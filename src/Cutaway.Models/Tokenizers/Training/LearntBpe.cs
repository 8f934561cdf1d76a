using System.Text.Json;

namespace Cutaway.Models.Tokenizers.Training;

/// <summary>What a <see cref="BpeTrainer"/> has learnt.</summary>
/// <param name="Pattern">Regular expression whose matches are words.</param>
/// <param name="Special">The special tokens, by id; the first begins every text.</param>
/// <param name="Tokens">All tokens in the byte alphabet, by id; the special ones come first.</param>
/// <param name="Merges">The merges, in the order in which they were learnt.</param>
public sealed record LearntBpe(string Pattern, IReadOnlyList<string> Special, IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges)
{
    /// <summary>Writes the properties of a <c>tokenizer.json</c>'s object.</summary>
    public void Write(Utf8JsonWriter json) => ByteLevelTokenizerJson.Write(json, Special, Pattern, () =>
    {
        json.WriteString("type", "BPE");
        json.WriteStartObject("vocab");
        foreach ((int id, string token) in Tokens.Index())
        {
            json.WriteNumber(token, id);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach ((string left, string right) in Merges)
        {
            // No letter of the byte alphabet is a space.
            json.WriteStringValue($"{left} {right}");
        }

        json.WriteEndArray();
    });
}
