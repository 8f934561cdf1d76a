using System.Text;
using System.Text.Json;
using Cutaway.Models.Tokenizers;

namespace Cutaway.Training;

/// <summary>The tokenizer of a model to be trained.</summary>
public sealed record TokenizerChoice
{
    /// <summary>A tokenizer.json, relative to the recipe's folder.</summary>
    public required string File { get; init; }

    /// <summary>The token that begins a text, or null.</summary>
    public string? BeginOfText { get; init; }

    /// <summary>The token that ends a text, or null.</summary>
    public string? EndOfText { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="folder">The recipe's folder.</param>
    /// <exception cref="CutawayException">The file cannot be read, or lacks one of the tokens.</exception>
    internal LoadedTokenizer Load(string folder)
    {
        string path = Path.Combine(folder, File);
        byte[] json;
        try
        {
            json = System.IO.File.ReadAllBytes(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the tokenizer {path} cannot be read: {fault.Message}", fault);
        }

        int? begin = BeginOfText is null ? null : Id(json, path, BeginOfText);
        int? end = EndOfText is null ? null : Id(json, path, EndOfText);
        string config = "{" + string.Join(", ", new[] { Entry("bos_token_id", begin), Entry("eos_token_id", end) }.OfType<string>()) + "}";
        return new LoadedTokenizer(TokenizerLoader.FromJson(json, Encoding.UTF8.GetBytes(config), folder), json, begin, end);
    }

    private static string? Entry(string key, int? id) => id is null ? null : FormattableString.Invariant($"\"{key}\": {id}");

    private static int Id(byte[] json, string path, string token)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            foreach (JsonElement added in root.TryGetProperty("added_tokens", out JsonElement list) ? list.EnumerateArray() : default)
            {
                if (added.GetProperty("content").ValueEquals(token))
                {
                    return added.GetProperty("id").GetInt32();
                }
            }

            JsonElement vocabulary = root.GetProperty("model").GetProperty("vocab");
            return vocabulary.ValueKind == JsonValueKind.Object && vocabulary.TryGetProperty(token, out JsonElement id)
                ? id.GetInt32()
                : throw CutawayException.Input($"the tokenizer {path} has no token '{token}'");
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw CutawayException.Input($"the tokenizer {path} is not a tokenizer.json: {fault.Message}", fault);
        }
    }
}

/// <summary>A tokenizer that was read.</summary>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="Json">Its file, which goes beside the trained model.</param>
/// <param name="BeginOfText">The id of the token that begins a text, or null.</param>
/// <param name="EndOfText">The id of the token that ends a text, or null.</param>
internal sealed record LoadedTokenizer(ITokenizer Tokenizer, byte[] Json, int? BeginOfText, int? EndOfText);
