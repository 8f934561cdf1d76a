using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Reading;

namespace Cutaway.Models.Tokenizers;

/// <summary>Finds and reads the tokenizer that belongs to a model.</summary>
public static class TokenizerLoader
{
    /// <summary>
    /// The tokenizer of a checkpoint folder: its <c>tokenizer.json</c>, else its <c>tokenizer.model</c> (SentencePiece), <c>vocab.json</c> with <c>merges.txt</c> (byte-level
    /// BPE) or <c>vocab.txt</c> (WordPiece); the tokens that start and end a text from the files beside it.
    /// </summary>
    /// <exception cref="CutawayException">There is none, or it cannot be read.</exception>
    public static ITokenizer FromFolder(string folder)
    {
        string path = Path.Combine(folder, "tokenizer.json");
        return File.Exists(path)
            ? JsonTokenizer.Build(TokenizerJson.Open(path), SpecialTokenNames.Open(folder))
            : VocabularyFiles.Open(folder) ?? throw CutawayException.Model(
                $"{path} is missing, and so are tokenizer.model, vocab.json with merges.txt, and vocab.txt; a model folder needs one of them to turn text into ids");
    }

    /// <summary>The tokenizer of a <c>tokenizer.json</c> in memory; the tokens that start and end a text from the <c>config.json</c> that belongs to it.</summary>
    /// <param name="json">The text of the tokenizer.json.</param>
    /// <param name="config">The text of the config.json.</param>
    /// <param name="source">What to call their folder in messages.</param>
    /// <exception cref="CutawayException">One of them cannot be read.</exception>
    public static ITokenizer FromJson(ReadOnlySpan<byte> json, ReadOnlyMemory<byte> config, string source) => JsonTokenizer.Build(
        TokenizerJson.Parse(json, Path.Combine(source, "tokenizer.json")),
        SpecialTokenNames.Of(ConfigReader.Parse(config, Path.Combine(source, "config.json"))));

    /// <summary>The tokenizer inside a GGUF file.</summary>
    /// <exception cref="CutawayException">There is none, or it cannot be read.</exception>
    public static ITokenizer FromGguf(GgufFile file) => GgufTokenizer.Build(file);

    /// <summary>The chat template (Jinja) of a checkpoint folder, or null: <c>chat_template.jinja</c>, else the one in <c>tokenizer_config.json</c> (of several, "default").</summary>
    /// <exception cref="CutawayException">A file is there but cannot be read.</exception>
    public static string? ChatTemplateOfFolder(string folder)
    {
        string path = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(path))
        {
            return File.ReadAllText(path);
        }

        ConfigReader? config = SpecialTokenNames.Find(folder, "tokenizer_config.json");
        return config?.Find("chat_template") is { ValueKind: JsonValueKind.Array }
            ? config.OptionalSections("chat_template")!.FirstOrDefault(template => template.Text("name") == "default")?.Text("template")
            : config?.OptionalText("chat_template");
    }

    /// <summary>The chat template inside a GGUF file, or null.</summary>
    public static string? ChatTemplateOfGguf(GgufFile file) => file.Metadata.FindString("tokenizer.chat_template");
}
