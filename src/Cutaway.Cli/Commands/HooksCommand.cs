using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Models.Network;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway hooks</c>: the places in a model where activations can be read and changed.</summary>
internal static class HooksCommand
{
    /// <summary>The command.</summary>
    public static Command Create() =>
        new("hooks", AllCommands.Instrument, "List a model's hook points with their axes and shapes",
            [SharedParameters.NamedModel], Run)
        {
            Shared =
            [
                SharedParameters.Model, SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain, SharedParameters.Debug, SharedParameters.Help,
            ],
            Examples = ["hooks", "hooks path/to/model.gguf", "hooks path/to/model.gguf --json"],
            Notes =
            [
                "Names and shapes are TransformerLens's. L in a name stands for the layer; batch and pos depend on the prompt. "
                + "Names of TransformerLens's Bridge (blocks.3.attn.q.hook_out) and of nnterp (layers_output[3]) are understood wherever a name is; --json lists them. "
                + "Points on demand are computed only if a capture or an intervention names them up to their last part.",
            ],
        };

    private static void Run(Invocation call)
    {
        LanguageModel model = SharedParameters.Load(call);
        IReadOnlyList<HookPoint> points = model.Network.Hooks.Points;
        Results.Write(call, stream => WriteJson(stream, model.Network.Hooks), (text, style) => ConsoleReport.Write(text, Table(model, points), style));
    }

    // One row stands for a point in every layer that has it alike.
    private static TableView Table(LanguageModel model, IReadOnlyList<HookPoint> points)
    {
        var groups = points.GroupBy(point => (Name: Pattern(point), Shape: Shape(point), point.Optional));
        return new TableView($"{points.Count} hook points of {model.Name}", ["name", "layers", "shape", "computed"],
        [
            .. groups.Select(group => (object[])
            [
                group.Key.Name,
                Layers([.. group.Select(point => point.Layer)]),
                group.Key.Shape,
                group.Key.Optional ? "on demand" : "always",
            ]),
        ]);
    }

    private static string Pattern(HookPoint point) => point.Layer < 0 ? point.Name : "blocks.L" + point.Name[point.Name.IndexOf('.', "blocks.".Length)..];

    private static string Shape(HookPoint point) =>
        $"[{string.Join(", ", point.Axes.Zip(point.Extents, (axis, extent) => extent > 0 ? $"{axis} {extent}" : axis))}]";

    private static string Layers(int[] layers) => layers switch
    {
        [-1] => "",
        [int only] => $"{only}",
        _ when layers[^1] - layers[0] == layers.Length - 1 => $"{layers[0]}-{layers[^1]}",
        _ => string.Join(',', layers),
    };

    private static void WriteJson(Stream stream, HookTable hooks)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach (HookPoint point in hooks.Points)
        {
            json.WriteStartObject();
            json.WriteString("name", point.Name);
            json.WriteStartArray("axes");
            foreach (string axis in point.Axes)
            {
                json.WriteStringValue(axis);
            }

            json.WriteEndArray();
            json.WriteStartArray("shape");
            foreach (int extent in point.Extents)
            {
                if (extent > 0)
                {
                    json.WriteNumberValue(extent);
                }
                else
                {
                    json.WriteNullValue();
                }
            }

            json.WriteEndArray();
            json.WriteBoolean("onDemand", point.Optional);
            json.WriteStartArray("aliases");
            foreach (string alias in hooks.AliasesOf(point))
            {
                json.WriteStringValue(alias);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
