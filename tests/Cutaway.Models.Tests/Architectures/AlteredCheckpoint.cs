using System.Text.Json.Nodes;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>A golden checkpoint copied to a folder of its own with its configuration or tensors changed.</summary>
internal sealed class AlteredCheckpoint : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly JsonObject config;
    private readonly Dictionary<string, OutputTensor> tensors;

    /// <summary>Starts from a family's golden checkpoint.</summary>
    public AlteredCheckpoint(string family)
    {
        string source = Fixtures.Golden("architectures", family);
        config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!.AsObject();
        tensors = Checkpoint.Open(source).Tensors.ToDictionary(
            entry => entry.Key,
            entry => OutputTensor.Create(entry.Key, entry.Value.Shape, entry.Value.ToArray<float>()));
    }

    /// <summary>Sets a key of the configuration (a path with dots) to JSON text, or removes it where the text is null.</summary>
    public AlteredCheckpoint Set(string path, string? json)
    {
        string[] keys = path.Split('.');
        JsonObject target = keys[..^1].Aggregate(config, (section, key) => section[key]!.AsObject());
        target.Remove(keys[^1]);
        if (json is not null)
        {
            target.Add(keys[^1], JsonNode.Parse(json));
        }

        return this;
    }

    /// <summary>Removes a tensor.</summary>
    public AlteredCheckpoint Without(string name)
    {
        Assert.True(tensors.Remove(name));
        return this;
    }

    /// <summary>Adds a tensor or puts one in place of another, all values alike.</summary>
    public AlteredCheckpoint With(string name, float value, params long[] shape)
    {
        float[] values = new float[shape.Aggregate(1L, (product, extent) => product * extent)];
        Array.Fill(values, value);
        tensors[name] = OutputTensor.Create(name, shape, values);
        return this;
    }

    /// <summary>Puts integers in place of a tensor.</summary>
    public AlteredCheckpoint WithIntegers(string name, params long[] shape)
    {
        tensors[name] = OutputTensor.Create(name, shape, new int[shape.Aggregate(1L, (product, extent) => product * extent)]);
        return this;
    }

    /// <summary>Writes and loads it.</summary>
    public (NetworkConfig Config, NetworkWeights Weights) Load()
    {
        folder.Write("config.json", config.ToJsonString());
        SafetensorsWriter.Write(folder["model.safetensors"], tensors.Values);
        return ModelFolder.Load(folder.Path);
    }

    public void Dispose() => folder.Dispose();
}
