using System.Globalization;
using System.Text.Json;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>Writes the weights of a checkpoint as Hugging Face's libraries do: one safetensors file, or shards with an index.</summary>
public static class CheckpointWriter
{
    /// <summary>The size above which weights are split, in bytes: that of <c>save_pretrained</c>.</summary>
    public const long ShardBytes = 5_000_000_000;

    // What transformers asks for: it refuses files that do not say for which library they are.
    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    /// <summary>Writes weights into a folder that is there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tensors">The weights; shards are filled in this order.</param>
    /// <param name="shardBytes">The most that a shard holds; a larger tensor has one to itself.</param>
    /// <exception cref="CutawayException">A file cannot be written, or the disk is full.</exception>
    public static void Write(string folder, IReadOnlyList<OutputTensor> tensors, long shardBytes = ShardBytes)
    {
        List<List<OutputTensor>> shards = Split(tensors, shardBytes);
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, Checkpoint.Single), shards[0], Metadata);
            return;
        }

        string[] names = [.. Enumerable.Range(1, shards.Count).Select(shard => string.Create(CultureInfo.InvariantCulture, $"model-{shard:D5}-of-{shards.Count:D5}.safetensors"))];
        for (int shard = 0; shard < names.Length; shard++)
        {
            SafetensorsWriter.Write(Path.Combine(folder, names[shard]), shards[shard], Metadata);
        }

        AtomicFile.Write(Path.Combine(folder, Checkpoint.Index), stream => WriteIndex(stream, shards, names));
    }

    private static List<List<OutputTensor>> Split(IReadOnlyList<OutputTensor> tensors, long shardBytes)
    {
        List<List<OutputTensor>> shards = [[]];
        long filled = 0;
        foreach (OutputTensor tensor in tensors)
        {
            if (shards[^1].Count > 0 && filled + tensor.ByteLength > shardBytes)
            {
                shards.Add([]);
                filled = 0;
            }

            shards[^1].Add(tensor);
            filled += tensor.ByteLength;
        }

        return shards;
    }

    private static void WriteIndex(Stream stream, List<List<OutputTensor>> shards, string[] names)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", shards.Sum(shard => shard.Sum(tensor => tensor.ByteLength)));
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach ((string tensor, string shard) in shards.SelectMany((shard, i) => shard.Select(tensor => (tensor.Name, names[i]))).OrderBy(pair => pair.Name, StringComparer.Ordinal))
        {
            json.WriteString(tensor, shard);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
