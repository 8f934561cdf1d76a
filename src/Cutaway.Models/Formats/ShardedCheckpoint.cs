using System.Text.Json;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>A checkpoint in several files, tied together by an index: <c>model.safetensors.index.json</c> or <c>pytorch_model.bin.index.json</c>.</summary>
public sealed unsafe class ShardedCheckpoint : ITensorSource
{
    /// <summary>What an index is called behind the name that a single file would have.</summary>
    internal const string IndexEnding = ".index.json";

    private ShardedCheckpoint(Dictionary<string, StoredTensor> tensors) => Tensors = tensors;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Reads an index and maps the shards beside it.</summary>
    /// <param name="indexPath">The index; its shards lie in the same folder.</param>
    /// <exception cref="CutawayException">The index or a shard is missing or wrong, or a tensor is not where the index says.</exception>
    public static ShardedCheckpoint Open(string indexPath)
    {
        MappedFile file = MappedFile.Open(indexPath);
        if (file.Length > int.MaxValue)
        {
            throw Broken(indexPath, "it is larger than an index can be");
        }

        string ending = indexPath.EndsWith(".bin" + IndexEnding, StringComparison.Ordinal) ? ".bin" : ".safetensors";
        Dictionary<string, string> map = ReadMap(file.Bytes(0, (int)file.Length), indexPath, ending);
        GC.KeepAlive(file);
        string folder = Path.GetDirectoryName(Path.GetFullPath(indexPath))!;
        Dictionary<string, ITensorSource> shards = new(StringComparer.Ordinal);
        Dictionary<string, StoredTensor> tensors = new(map.Count, StringComparer.Ordinal);
        foreach ((string name, string shard) in map)
        {
            if (!shards.TryGetValue(shard, out ITensorSource? opened))
            {
                string path = Path.Combine(folder, shard);
                if (!File.Exists(path))
                {
                    throw CutawayException.Model($"{indexPath} names the shard {Quote.Name(shard)}, which is not beside it; copy or download it");
                }

                opened = Checkpoint.OpenFile(path);
                shards.Add(shard, opened);
            }

            tensors.Add(name, opened.Tensors.GetValueOrDefault(name)
                ?? throw CutawayException.Model($"{indexPath} places tensor {Quote.Name(name)} in {Quote.Name(shard)}, but that file does not hold it"));
        }

        foreach ((string shard, ITensorSource opened) in shards)
        {
            if (opened.Tensors.Keys.FirstOrDefault(name => map.GetValueOrDefault(name) != shard) is { } stray)
            {
                string place = map.TryGetValue(stray, out string? other) ? $"places it in {Quote.Name(other)}" : "does not name it";
                throw CutawayException.Model($"{Quote.Name(shard)} beside {indexPath} holds tensor {Quote.Name(stray)}, but the index {place}; copy or download both again");
            }
        }

        return new ShardedCheckpoint(tensors);
    }

    /// <summary>The shard of each tensor, as an index says; every shard's name ends in <paramref name="ending"/>.</summary>
    internal static Dictionary<string, string> ReadMap(ReadOnlySpan<byte> json, string path, string ending)
    {
        try
        {
            return ParseMap(json, path, ending);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Broken(path, "it is not valid JSON", error);
        }
    }

    private static Dictionary<string, string> ParseMap(ReadOnlySpan<byte> json, string path, string ending)
    {
        Dictionary<string, string>? map = null;
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 16 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw Broken(path, "it is not a JSON object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("weight_map"u8))
            {
                reader.Skip();
                continue;
            }

            if (map is not null)
            {
                throw Broken(path, "it has 'weight_map' twice");
            }

            map = ParseEntries(ref reader, path, ending);
        }

        reader.Read();
        return map is { Count: > 0 } ? map : throw Broken(path, "its 'weight_map' is missing or empty");
    }

    private static Dictionary<string, string> ParseEntries(ref Utf8JsonReader reader, string path, string ending)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw Broken(path, "its 'weight_map' is not an object");
        }

        Dictionary<string, string> map = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                throw Broken(path, $"the shard of tensor {Quote.Name(name)} is not a text");
            }

            string shard = reader.GetString()!;
            if (shard.AsSpan().ContainsAny("/\\:\0") || !shard.EndsWith(ending, StringComparison.Ordinal))
            {
                throw Broken(path, $"the shard {Quote.Name(shard)} of tensor {Quote.Name(name)} is not the name of a {ending} file in the same folder");
            }

            if (!map.TryAdd(name, shard))
            {
                throw Broken(path, $"tensor {Quote.Name(name)} appears twice");
            }
        }

        return map;
    }

    private static CutawayException Broken(string path, string what, Exception? inner = null) =>
        CutawayException.Model($"{path} is not a valid index of shards: {what}", inner);
}
