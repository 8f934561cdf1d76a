using System.Text.Json;
using System.Text.Json.Nodes;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Reference;

/// <summary>A checkpoint with a configuration and random weights in double precision, in a folder of its own; tensors are made as they are named.</summary>
/// <param name="config">The config.json.</param>
/// <param name="seed">Of the weights.</param>
internal sealed class RandomCheckpoint(string config, int seed) : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Random random = new(seed);
    private readonly Dictionary<string, double[]> values = [];
    private readonly List<OutputTensor> tensors = [];
    private readonly JsonObject keys = JsonNode.Parse(config)!.AsObject();

    /// <summary>A whole number of the configuration; 0 where absent.</summary>
    public int Count(string key) => keys[key]?.GetValue<int>() ?? 0;

    /// <summary>A number of the configuration, at a path with dots.</summary>
    public double Number(string path) => path.Split('.').Aggregate((JsonNode)keys, (node, key) => node[key]!).GetValue<double>();

    /// <summary>Whether a key is there and neither null nor false.</summary>
    public bool Says(string key, bool absent = false) => keys[key] is { } node ? node.GetValueKind() != JsonValueKind.False : absent;

    /// <summary>A text of the configuration, or null.</summary>
    public string? Text(string key) => keys[key]?.GetValue<string>();

    /// <summary>A tensor's values, row-major.</summary>
    public double[] this[string name] => values[name];

    /// <summary>Whether there is a tensor.</summary>
    public bool Has(string name) => values.ContainsKey(name);

    /// <summary>Adds tensors: matrices of a spread that keeps what passes them, vectors about one half.</summary>
    public RandomCheckpoint With(params (string Name, int[] Shape)[] added)
    {
        foreach ((string name, int[] shape) in added)
        {
            int length = shape.Aggregate(1, (product, extent) => product * extent);
            double spread = shape.Length == 1 ? 0.5 : 1 / Math.Sqrt(shape[^1]);
            values[name] = [.. Enumerable.Range(0, length).Select(_ => (shape.Length == 1 ? 0.5 : 0) + (spread * Math.Sqrt(3) * ((2 * random.NextDouble()) - 1)))];
            tensors.Add(OutputTensor.Create(name, [.. shape.Select(extent => (long)extent)], values[name]));
        }

        return this;
    }

    /// <summary>Writes the folder and loads it.</summary>
    public TransformerNetwork Load()
    {
        folder.Write("config.json", keys.ToJsonString());
        SafetensorsWriter.Write(folder["model.safetensors"], tensors);
        (NetworkConfig network, NetworkWeights weights) = ModelFolder.Load(folder.Path);
        return new TransformerNetwork(network, weights);
    }

    /// <inheritdoc/>
    public void Dispose() => folder.Dispose();
}
