using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Loading;
using Cutaway.Loading.Hub;
using Cutaway.Models.Network;
using Cutaway.Planning;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway model show</c>: the shape of a model, and the files it is read from.</summary>
internal static class ModelShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create() =>
        new("model show", AllCommands.Instrument, "Show a model's architecture, its sizes, and the files of one from the hub", [SharedParameters.NamedModel], Run)
        {
            Shared = [SharedParameters.Model, .. HubParameters.Shared],
            Examples = ["model show", "model show HuggingFaceTB/SmolLM2-135M-Instruct", "model show path/to/model.gguf --json"],
        };

    private static void Run(Invocation call)
    {
        LanguageModel model = SharedParameters.Load(call);
        (string Name, object Value)[] facts = [.. Facts(model)];
        IReadOnlyList<CachedFile> files = !Path.Exists(model.Name) && HubCache.IsId(model.Name) && HubCache.Default.Find(model.Name) is not null ? HubCache.Default.Files(model.Name) : [];
        Results.Write(call, stream => WriteJson(stream, facts, files), (text, style) =>
        {
            ConsoleReport.Write(text, new TableView(model.Name, ["what", "value"], [.. facts.Select(fact => (object[])[fact.Name, fact.Value])]), style);
            if (files.Count > 0)
            {
                ConsoleReport.Write(text, new TableView("Files", ["file", "size"], [.. files.Select(file => (object[])[file.Path, file.Size is { } size ? MemorySize.Rounded(size) : "missing"])]), style);
            }
        });
    }

    private static IEnumerable<(string Name, object Value)> Facts(LanguageModel model)
    {
        NetworkConfig config = model.Config;
        yield return ("architecture", config.Architecture);
        yield return ("layers", config.Layers);
        yield return ("width (d_model)", config.DModel);
        yield return ("heads", config.Heads);
        yield return ("key/value heads", config.KeyValueHeads);
        yield return ("width of a head", config.DHead);
        yield return ("neurons of an MLP (d_mlp)", config.DMlp);
        yield return ("vocabulary", config.Vocabulary);
        yield return ("context", config.Context);
        yield return ("embedding and unembedding", config.TiedEmbedding ? "one matrix" : "two matrices");
        yield return ("chat template", model.ChatTemplate is null ? "no" : "yes");
    }

    private static void WriteJson(Stream stream, (string Name, object Value)[] facts, IReadOnlyList<CachedFile> files)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        foreach ((string name, object value) in facts)
        {
            json.WritePropertyName(name);
            JsonSerializer.Serialize(json, value, value.GetType());
        }

        json.WriteStartArray("files");
        foreach (CachedFile file in files)
        {
            json.WriteStringValue(file.Path);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
