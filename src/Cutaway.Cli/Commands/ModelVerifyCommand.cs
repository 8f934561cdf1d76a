using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Loading;
using Cutaway.Loading.Hub;
using Cutaway.Planning;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway model verify</c>: compares a fetched model with its checksums.</summary>
internal static class ModelVerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create() =>
        new("model verify", AllCommands.Instrument, "Read a fetched model's files again and compare them with the hub's checksums", [HubParameters.Name], Run)
        {
            Shared = HubParameters.Shared,
            Examples = ["model verify HuggingFaceTB/SmolLM2-135M-Instruct"],
            Notes = ["The exit code is 4 if a file is damaged or missing. Remove the model then and pull it again."],
        };

    private static void Run(Invocation call)
    {
        string name = call.Text(HubParameters.Name.Name)!;
        IReadOnlyList<(CachedFile File, FileState State)> files = ProgressLine.During(call, progress => HubCache.Default.Verify(name, progress));
        Results.Write(call, stream => WriteJson(stream, files), (text, style) => ConsoleReport.Write(text, Table(name, files), style));
        string[] faulty = [.. files.Where(pair => pair.State is FileState.Damaged or FileState.Missing).Select(pair => pair.File.Path)];
        if (faulty.Length > 0)
        {
            throw CutawayException.Model($"{string.Join(", ", faulty)} of '{name}' {(faulty.Length == 1 ? "is" : "are")} damaged or missing; run cutaway model remove {name} --yes, then cutaway model pull {name}");
        }
    }

    private static TableView Table(string name, IReadOnlyList<(CachedFile File, FileState State)> files) => new(name, ["file", "size", "state"],
    [
        .. files.Select(pair => (object[])[pair.File.Path, pair.File.Size is { } size ? MemorySize.Rounded(size) : "", Word(pair.State)]),
    ]);

    private static string Word(FileState state) => state switch
    {
        FileState.Intact => "intact",
        FileState.Damaged => "damaged",
        FileState.Missing => "missing",
        _ => "no checksum",
    };

    private static void WriteJson(Stream stream, IReadOnlyList<(CachedFile File, FileState State)> files)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach ((CachedFile file, FileState state) in files)
        {
            json.WriteStartObject();
            json.WriteString("file", file.Path);
            json.WriteString("checksum", file.Blob);
            json.WriteString("state", Word(state));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
