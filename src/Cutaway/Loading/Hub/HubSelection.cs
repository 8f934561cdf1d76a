using System.IO.Enumeration;
using System.Text.Json;
using Cutaway.Planning;

namespace Cutaway.Loading.Hub;

/// <summary>Which files of a repository a model needs.</summary>
internal static class HubSelection
{
    private const string SafetensorsIndex = "model.safetensors.index.json";
    private const string PickleIndex = "pytorch_model.bin.index.json";

    /// <summary>What tells how to read the weights and the text: small, and taken wherever it is there.</summary>
    public static readonly string[] Companions =
    [
        "config.json", "generation_config.json", "preprocessor_config.json", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json",
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
        "vocab.json", "merges.txt", "vocab.txt", "chat_template.jinja", "chat_template.json", "params.json",
    ];

    /// <summary>The small files that are needed whatever the weights.</summary>
    public static IEnumerable<HubFile> CompanionsOf(HubRevision revision) => revision.Files.Where(file => Companions.Contains(file.Path));

    /// <summary>The index of the weights' shards, or null where the weights are one file.</summary>
    public static HubFile? IndexOf(HubRevision revision, IReadOnlyList<string> includes) =>
        includes.Count > 0 || Has(revision, "model.safetensors") is not null ? null
        : Has(revision, SafetensorsIndex) ?? (Single(revision, ".safetensors") is null && Has(revision, "pytorch_model.bin") is null ? Has(revision, PickleIndex) : null);

    /// <summary>The weights.</summary>
    /// <param name="revision">The repository.</param>
    /// <param name="includes">Patterns of the files wanted (<c>*</c> and <c>?</c>); none to choose: safetensors, else a pickle, else a .gguf file.</param>
    /// <param name="index">The text of the shards' index, where there is one.</param>
    /// <exception cref="CutawayException">There are no weights that could be opened, or a choice that is the user's.</exception>
    public static IReadOnlyList<HubFile> Weights(HubRevision revision, IReadOnlyList<string> includes, byte[]? index)
    {
        if (includes.Count > 0)
        {
            return
            [
                .. includes.SelectMany(pattern => revision.Files.Where(file => FileSystemName.MatchesSimpleExpression(pattern, file.Path, ignoreCase: false)) is var found && found.Any()
                    ? found
                    : throw CutawayException.Input($"no file of '{revision.Id}' matches '{pattern}'; there are {Listed(revision.Files)}")).Distinct(),
            ];
        }

        if (index is not null)
        {
            return Shards(revision, index);
        }

        HubFile[] ggufs = [.. revision.Files.Where(file => file.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))];
        return (Has(revision, "model.safetensors") ?? Single(revision, ".safetensors") ?? Has(revision, "pytorch_model.bin"), ggufs) switch
        {
            ({ } only, _) => [only],
            (null, [HubFile gguf]) => [gguf],
            (null, [_, ..]) => throw CutawayException.Input(
                $"'{revision.Id}' has {ggufs.Length} .gguf files; choose with --include: {Listed(ggufs)}"),
            _ => throw CutawayException.Input(
                $"'{revision.Id}' has no weights that could be opened: model.safetensors, its shards, pytorch_model.bin or a .gguf file was expected; there are {Listed(revision.Files)}"),
        };
    }

    private static IReadOnlyList<HubFile> Shards(HubRevision revision, byte[] index)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(index);
            string[] names = [.. document.RootElement.GetProperty("weight_map").EnumerateObject().Select(pair => pair.Value.GetString() ?? "").Distinct()];
            return
            [
                .. names.Select(name => Has(revision, name)
                    ?? throw CutawayException.Input($"the index of '{revision.Id}' names the shard '{name}', which the repository does not hold")),
            ];
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw CutawayException.Input($"the index of shards of '{revision.Id}' cannot be read: {error.Message}", error);
        }
    }

    private static HubFile? Has(HubRevision revision, string path) => revision.Files.FirstOrDefault(file => file.Path == path);

    private static HubFile? Single(HubRevision revision, string ending) =>
        revision.Files.Where(file => !file.Path.Contains('/', StringComparison.Ordinal) && file.Path.EndsWith(ending, StringComparison.Ordinal)).ToArray() is [HubFile only] ? only : null;

    private static string Listed(IReadOnlyList<HubFile> files)
    {
        const int Most = 12;
        string list = string.Join(", ", files.Take(Most).Select(file => file.Size is { } size ? $"{file.Path} ({MemorySize.Rounded(size)})" : file.Path));
        return files.Count == 0 ? "no files" : files.Count > Most ? $"{list} and {files.Count - Most} more" : list;
    }
}
