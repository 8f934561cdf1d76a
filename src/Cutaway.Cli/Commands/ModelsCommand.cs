using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Loading;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway models</c>: the models that can be named without a path.</summary>
internal static class ModelsCommand
{
    /// <summary>The command.</summary>
    public static Command Create() =>
        new("models", AllCommands.Instrument, "List the models that can be named without a path: embedded ones and those in the hub cache", [], Run)
        {
            Shared = [SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain, SharedParameters.Debug, SharedParameters.Help],
            Examples = ["models", "models --json"],
            Notes = ["A model is also a folder in Hugging Face's layout, or a .gguf file, named by its path. Nothing is downloaded."],
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

    private static TableView Table(IReadOnlyList<CachedModel> cached) => new("Models", ["name", "where", "what"],
    [
        .. EmbeddedModels.All.Select(model => (object[])[model.Name, "embedded", model.Description]),
        .. cached.Select(model => (object[])[model.Id, "hub cache", "revision " + model.Revision]),
    ]);

    private static void WriteJson(Stream stream, IReadOnlyList<CachedModel> cached)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach (EmbeddedModel model in EmbeddedModels.All)
        {
            Entry(model.Name, "embedded", "description", model.Description);
        }

        foreach (CachedModel model in cached)
        {
            Entry(model.Id, "hub cache", "folder", model.Folder);
        }

        json.WriteEndArray();

        void Entry(string name, string where, string key, string text)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("where", where);
            json.WriteString(key, text);
            json.WriteEndObject();
        }
    }
}
