using System.Text.Json.Nodes;
using Cutaway.Models.Formats;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Reference;

/// <summary>
/// A random checkpoint that comes into being as a reference implementation asks for its tensors, under the names and shapes that
/// the published code gives them. What reads it afterwards must find exactly these.
/// </summary>
internal sealed unsafe class ReferenceCheckpoint(string config) : ITensorSource
{
    private readonly Dictionary<string, StoredTensor> tensors = [];

    /// <summary>The configuration.</summary>
    public JsonObject Config { get; } = JsonNode.Parse(config)!.AsObject();

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, StoredTensor> Tensors => tensors;

    /// <summary>A whole number of the configuration.</summary>
    public int Int(string key) => Config[key]!.GetValue<int>();

    /// <summary>A number of the configuration.</summary>
    public double Double(string key) => Config[key]!.GetValue<double>();

    /// <summary>A tensor's values, row-major; the same at every call, and different for every name.</summary>
    public double[] Take(string name, params int[] shape)
    {
        if (tensors.TryGetValue(name, out StoredTensor? known))
        {
            return known.ToDoubles();
        }

        // A hash of the name that is the same in every process.
        ulong seed = name.Aggregate(14695981039346656037UL, (hash, letter) => (hash ^ letter) * 1099511628211UL);
        SeededRandom random = new(seed);
        NativeBuffer<double> buffer = new(shape.Aggregate(1, (product, extent) => product * extent));
        bool norm = shape.Length == 1;
        foreach (ref double value in buffer.Span)
        {
            value = (norm ? 0.5 : 0.35) * ((2 * random.NextDouble()) - 1) + (norm && name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0);
        }

        tensors[name] = new StoredTensor(name, ElementType.Float64, [.. shape.Select(extent => (long)extent)], buffer, (byte*)buffer.Pointer, "reference");
        return buffer.Span.ToArray();
    }
}
