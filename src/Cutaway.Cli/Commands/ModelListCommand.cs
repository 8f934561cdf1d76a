using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Loading;
using Cutaway.Planning;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway model list</c>: the models that can be named without a path.</summary>
internal static class ModelListCommand
{
    /// <summary>The command.</summary>
    public static Command Create() =>
        new("model list", AllCommands.Instrument, "List the models that can be named without a path: embedded ones and those in the hub cache", [], Run)
        {
            Shared = [SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain, SharedParameters.Debug, SharedParameters.Help],
            Examples = ["model list", "model list --json"],
            Notes = ["A model is also a folder in Hugging Face's layout, or a .gguf file, named by its path; cutaway model pull brings one from the hub."],
        };

    private static void Run(Invocation call)
    {
        HubCache cache = HubCache.Default;
        IReadOnlyList<CachedModel> cached = cache.Models();
        Results.Write(call, stream => WriteJson(stream, cached), (text, style) =>
        {
            ConsoleReport.Write(text, Table(cached), style);
            if (cached.Count == 0)
            {
                text.WriteLine($"The hub cache {cache.Folder} holds no models.");
            }
        });
    }

    private static TableView Table(IReadOnlyList<CachedModel> cached) => new("Models", ["name", "size", "where", "what"],
    [
        .. EmbeddedModels.All.Select(model => (object[])[model.Name, MemorySize.Rounded(model.Bytes), "embedded", model.Description]),
        .. cached.Select(model => (object[])[model.Id, MemorySize.Rounded(BytesOf(model)), "hub cache", "revision " + model.Revision]),
    ]);

    private static long BytesOf(CachedModel model) => HubCache.Default.Files(model.Id).Sum(file => file.Size ?? 0);

    private static void WriteJson(Stream stream, IReadOnlyList<CachedModel> cached)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach (EmbeddedModel model in EmbeddedModels.All)
        {
            Entry(model.Name, model.Bytes, "embedded", "description", model.Description);
        }

        foreach (CachedModel model in cached)
        {
            Entry(model.Id, BytesOf(model), "hub cache", "folder", model.Folder);
        }

        json.WriteEndArray();

        void Entry(string name, long bytes, string where, string key, string text)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteNumber("bytes", bytes);
            json.WriteString("where", where);
            json.WriteString(key, text);
            json.WriteEndObject();
        }
    }
}
