using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Loading;
using Cutaway.Loading.Hub;
using Cutaway.Planning;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway model remove</c>: takes a model out of the hub cache.</summary>
internal static class ModelRemoveCommand
{
    private static readonly Parameter Yes = new("yes", "", "Delete it; without this, only what would be deleted is shown");

    /// <summary>The command.</summary>
    public static Command Create() =>
        new("model remove", AllCommands.Instrument, "Take a fetched model out of the cache", [HubParameters.Name, Yes], Run)
        {
            Shared = HubParameters.Shared,
            Examples = ["model remove EleutherAI/pythia-70m", "model remove EleutherAI/pythia-70m@step1000 --yes"],
            Notes = ["With a revision, only what no other revision uses is deleted; without one, all of the repository."],
        };

    private static void Run(Invocation call)
    {
        string name = call.Text(HubParameters.Name.Name)!;
        Removal removal = HubCache.Default.PlanRemoval(name);
        bool run = call.Has(Yes.Name);
        if (run)
        {
            removal.Run();
        }

        Results.Write(call, stream => WriteJson(stream, removal, run), (text, _) =>
        {
            text.WriteLine(run
                ? $"Removed {name}: {MemorySize.Rounded(removal.Bytes)} are free again."
                : $"Removing {name} would free {MemorySize.Rounded(removal.Bytes)} and delete");
            if (!run)
            {
                foreach (string path in removal.Paths.Where(Path.Exists))
                {
                    text.WriteLine("  " + path);
                }

                text.WriteLine("Nothing was deleted; add --yes to delete it.");
            }
        });
    }

    private static void WriteJson(Stream stream, Removal removal, bool run)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteBoolean("removed", run);
        json.WriteNumber("bytes", removal.Bytes);
        json.WriteStartArray("paths");
        foreach (string path in removal.Paths)
        {
            json.WriteStringValue(path);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
