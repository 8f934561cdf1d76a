using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Testing;

namespace Cutaway.Models.Parity;

/// <summary>One <c>NAME.safetensors</c> of <c>goldens/transformerlens</c> with its <c>NAME.json</c>.</summary>
internal sealed class TransformerLensGolden
{
    private const string Folder = "transformerlens";

    /// <summary>Opens a pair of files.</summary>
    public TransformerLensGolden(string name)
    {
        Notes = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Golden(Folder, name + ".json"))).RootElement;
        Tensors = SafetensorsFile.Open(Fixtures.Golden(Folder, name + ".safetensors")).Tensors;
        Tolerance = Notes.GetProperty("suggested_abs_tolerance").GetDouble();
    }

    /// <summary>What the JSON says.</summary>
    public JsonElement Notes { get; }

    /// <summary>The reference tensors.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>The largest absolute difference allowed.</summary>
    public double Tolerance { get; }

    /// <summary>Hook names in the order in which they fire.</summary>
    public string[] HookOrder => Notes.GetProperty("hook_order").Deserialize<string[]>()!;

    /// <summary>Loads one of the checkpoints beside the goldens.</summary>
    public static TransformerNetwork Load(string checkpoint) => NetworkRun.Load(Fixtures.Golden(Folder, checkpoint));

    /// <summary>The ids of a prompt.</summary>
    public int[] Prompt(string name) => Notes.GetProperty("prompts").GetProperty(name).Deserialize<int[]>()!;

    /// <summary>How values differ from a reference tensor, or null.</summary>
    public string? Difference(string name, ReadOnlySpan<double> found) =>
        Closeness.Difference(name, Tensors[name].ToDoubles(), found, Tolerance, absolute: true);

    /// <summary>Every activation of a run whose name the golden has, in firing order, then the logits.</summary>
    public IEnumerable<string?> Differences(NetworkRun run)
    {
        foreach (string name in HookOrder)
        {
            long[] shape = [.. run.Seen[name].Shape.Select(extent => (long)extent)];
            yield return shape.SequenceEqual(Tensors[name].Shape) ? Difference(name, run.Seen[name].Values) : $"{name} has another shape";
        }

        yield return Difference("logits", run.Logits);
    }
}
