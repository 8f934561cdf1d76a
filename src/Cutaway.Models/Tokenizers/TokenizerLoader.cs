using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Reading;

namespace Cutaway.Models.Tokenizers;

/// <summary>Finds and reads the tokenizer that belongs to a model.</summary>
public static class TokenizerLoader
{
    private const string DefaultTemplate = "default";

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

    /// <summary>
    /// A chat template (Jinja) of a checkpoint folder, or null: <c>chat_template.jinja</c> (others in <c>additional_chat_templates</c>), else <c>chat_template</c> in
    /// <c>chat_template.json</c> or <c>tokenizer_config.json</c>, which is a text, or several with their names.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Which of several, such as "tool_use".</param>
    /// <exception cref="CutawayException">A file is there but cannot be read.</exception>
    public static string? ChatTemplateOfFolder(string folder, string name = DefaultTemplate)
    {
        string path = name == DefaultTemplate ? Path.Combine(folder, "chat_template.jinja") : Path.Combine(folder, "additional_chat_templates", $"{Path.GetFileName(name)}.jinja");
        if (File.Exists(path))
        {
            return File.ReadAllText(path);
        }

        return new[] { "chat_template.json", "tokenizer_config.json" }
            .Select(file => SpecialTokenNames.Find(folder, file)).OfType<ConfigReader>().Select(config => Template(config, name)).FirstOrDefault(template => template is not null);
    }

    /// <summary>A chat template inside a GGUF file, or null.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Which of several, such as "tool_use".</param>
    public static string? ChatTemplateOfGguf(GgufFile file, string name = DefaultTemplate) =>
        file.Metadata.FindString(name == DefaultTemplate ? "tokenizer.chat_template" : $"tokenizer.chat_template.{name}");

    private static string? Template(ConfigReader config, string name) => config.Find("chat_template")?.ValueKind switch
    {
        null => null,
        JsonValueKind.Array => config.OptionalSections("chat_template")!.FirstOrDefault(template => template.Text("name") == name)?.Text("template"),
        JsonValueKind.Object => config.OptionalSection("chat_template")!.OptionalText(name),
        _ => name == DefaultTemplate ? config.Text("chat_template") : null,
    };
}
