using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Reading;

namespace Cutaway.Models.Tokenizers;

/// <summary>Finds and reads the tokenizer that belongs to a model.</summary>
public static class TokenizerLoader
{
    /// <summary>The tokenizer of a checkpoint folder: its <c>tokenizer.json</c>; the tokens that start and end a text from the files beside it.</summary>
    /// <exception cref="CutawayException">There is none, or it cannot be read.</exception>
    public static ITokenizer FromFolder(string folder)
    {
        string path = Path.Combine(folder, "tokenizer.json");
        return File.Exists(path)
            ? JsonTokenizer.Build(TokenizerJson.Open(path), SpecialTokenNames.Open(folder))
            : throw CutawayException.Model($"{path} is missing; a model folder needs a tokenizer.json to turn text into ids");
    }

    /// <summary>The tokenizer of a <c>tokenizer.json</c> in memory.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CutawayException">It cannot be read.</exception>
    public static ITokenizer FromJson(ReadOnlyMemory<byte> json, string source) =>
        throw CutawayException.Model($"{source} ({json.Length} bytes) has no tokenizer that can be read");

    /// <summary>The tokenizer inside a GGUF file.</summary>
    /// <exception cref="CutawayException">There is none, or it cannot be read.</exception>
    public static ITokenizer FromGguf(GgufFile file) => GgufTokenizer.Build(file);

    /// <summary>The chat template (Jinja) of a checkpoint folder, or null.</summary>
    public static string? ChatTemplateOfFolder(string folder) => null;

    /// <summary>The chat template inside a GGUF file, or null.</summary>
    public static string? ChatTemplateOfGguf(GgufFile file) => file.Metadata.FindString("tokenizer.chat_template");
}
