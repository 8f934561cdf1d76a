using System.Globalization;
using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Models.Parity;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway parity</c>: compares what is computed here with what another implementation computed.</summary>
internal static class ParityCommand
{
    private static readonly Parameter Folder = new("GOLDEN_FOLDER", "FOLDER", "A checkpoint with golden.json and golden.safetensors beside it, or a folder of such folders") { IsArgument = true, Required = true };

    private static readonly string[] Usual = ["plain", "padded", "padded_right", "greedy", "float64", "grad"];

    /// <summary>The command.</summary>
    public static Command Create() =>
        new("parity", AllCommands.Instrument, "Compare a model's activations, logits and gradients with reference values, and name the first that differs", [Folder], Run)
        {
            Shared = [SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain, SharedParameters.Debug, SharedParameters.Help],
            Examples = ["parity tests/Goldens/architectures/llama", "parity tests/Goldens/architectures"],
            Notes =
            [
                "Distances are in tolerances of the golden: up to 1 is as it should be. Of each group the first tensor that differs, in the order in which they are computed, is named with the place, the value found and the value expected. The exit code is 4 if anything differs.",
                "docs/adding-a-model.md says what such a folder holds and how to go on from the first difference.",
            ],
        };

    private static void Run(Invocation call)
    {
        string path = call.Text(Folder.Name)!;
        List<(string Name, IReadOnlyList<ParityGroup> Groups, string? Fault)> all = [];
        foreach (string folder in GoldenFolder.In(path))
        {
            call.Cancellation.ThrowIfCancellationRequested();
            all.Add(Compare(folder));
        }

        Results.Write(call, stream => WriteJson(stream, all), (text, style) => WriteText(text, style, all));
        string[] differing = [.. all.Where(entry => entry.Fault is not null || entry.Groups.Any(group => group.First is not null)).Select(entry => entry.Name)];
        if (differing.Length > 0)
        {
            throw CutawayException.Model($"{differing.Length} of {all.Count} {(all.Count == 1 ? "model differs" : "models differ")} from the reference: {string.Join(", ", differing)}");
        }
    }

    // One model that cannot be read shall not hide how the others do.
    private static (string Name, IReadOnlyList<ParityGroup> Groups, string? Fault) Compare(string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        try
        {
            return (name, [.. GoldenFolder.Compare(folder)], null);
        }
        catch (CutawayException error)
        {
            return (name, [], error.Message);
        }
    }

    private static void WriteText(TextWriter text, ConsoleStyle style, IReadOnlyList<(string Name, IReadOnlyList<ParityGroup> Groups, string? Fault)> all)
    {
        ConsoleReport.Write(text, all is [var only] ? OneModel(only.Name, only.Groups) : ManyModels(all), style);
        foreach ((string name, IReadOnlyList<ParityGroup> groups, string? fault) in all)
        {
            foreach (string line in fault is not null ? [fault] : groups.Where(group => group.First is not null).Select(group => $"{group.Name}: first {group.First!.Fault}"))
            {
                text.WriteLine($"{name}: {line}");
            }
        }
    }

    private static TableView OneModel(string name, IReadOnlyList<ParityGroup> groups) => new($"Parity of {name}", ["group", "tensors", "worst, in tolerances", ""],
    [
        .. groups.Select(group => (object[])[group.Name, group.Comparisons.Count, Distance(group), group.First is null ? "agrees" : "DIFFERS"]),
    ]);

    private static TableView ManyModels(IReadOnlyList<(string Name, IReadOnlyList<ParityGroup> Groups, string? Fault)> all)
    {
        string[] groups = [.. all.SelectMany(entry => entry.Groups).Select(group => group.Name).Distinct().OrderBy(name => Array.IndexOf(Usual, name) is >= 0 and int place ? place : Usual.Length)];
        return new TableView("Parity: the worst tensor of each group, in tolerances", ["model", .. groups, ""],
        [
            .. all.Select(entry => (object[])
            [
                entry.Name,
                .. groups.Select(name => entry.Groups.FirstOrDefault(group => group.Name == name) is { } group ? Distance(group) : ""),
                entry.Fault is not null ? "FAILS" : entry.Groups.All(group => group.First is null) ? "agrees" : "DIFFERS",
            ]),
        ]);
    }

    private static string Distance(ParityGroup group) => double.IsFinite(group.Worst) ? group.Worst.ToString("0.00", CultureInfo.InvariantCulture) : "far";

    private static void WriteJson(Stream stream, IReadOnlyList<(string Name, IReadOnlyList<ParityGroup> Groups, string? Fault)> all)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach ((string name, IReadOnlyList<ParityGroup> groups, string? fault) in all)
        {
            json.WriteStartObject();
            json.WriteString("model", name);
            json.WriteString("error", fault);
            json.WriteStartArray("groups");
            foreach (ParityGroup group in groups)
            {
                json.WriteStartObject();
                json.WriteString("name", group.Name);
                json.WriteNumber("tensors", group.Comparisons.Count);
                if (double.IsFinite(group.Worst))
                {
                    json.WriteNumber("worst", group.Worst);
                }
                else
                {
                    json.WriteNull("worst");
                }

                json.WriteString("first", group.First?.Fault);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
