using Cutaway.Models.Formats;

namespace Cutaway.Models.Tokenizers;

/// <summary>Finds and reads the tokenizer that belongs to a model.</summary>
public static class TokenizerLoader
{
    /// <summary>The tokenizer of a checkpoint folder: its <c>tokenizer.json</c>, with <c>tokenizer_config.json</c> beside it if there is one.</summary>
    /// <exception cref="CutawayException">There is none, or it cannot be read.</exception>
    public static ITokenizer FromFolder(string folder) =>
        throw CutawayException.Model($"{folder} has no tokenizer that can be read");

    /// <summary>The tokenizer of a <c>tokenizer.json</c> in memory.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CutawayException">It cannot be read.</exception>
    public static ITokenizer FromJson(ReadOnlyMemory<byte> json, string source) =>
        throw CutawayException.Model($"{source} ({json.Length} bytes) has no tokenizer that can be read");

    /// <summary>The tokenizer inside a GGUF file.</summary>
    /// <exception cref="CutawayException">There is none, or it cannot be read.</exception>
    public static ITokenizer FromGguf(GgufFile file) =>
        throw CutawayException.Model($"{file} has no tokenizer that can be read");

    /// <summary>The chat template (Jinja) of a checkpoint folder, or null.</summary>
    public static string? ChatTemplateOfFolder(string folder) => null;

    /// <summary>The chat template inside a GGUF file, or null.</summary>
    public static string? ChatTemplateOfGguf(GgufFile file) => null;
}
