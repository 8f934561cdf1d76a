using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Parity;

/// <summary>
/// A folder of reference values: a checkpoint, <c>golden.json</c> with inputs and tolerances, <c>golden.safetensors</c> with what
/// another implementation computes on them.
/// </summary>
public sealed class GoldenFolder
{
    private const string Notes = "golden.json";
    private const string Values = "golden.safetensors";
    private readonly SafetensorsFile tensors;
    private readonly JsonElement notes;

    private GoldenFolder(string folder)
    {
        Folder = folder;
        notes = ReadNotes(Path.Combine(folder, Notes));
        tensors = SafetensorsFile.Open(Path.Combine(folder, Values));
    }

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>Its tensors by whole name.</summary>
    internal IReadOnlyDictionary<string, StoredTensor> Tensors => tensors.Tensors;

    /// <summary>The folders that a path stands for: itself, or all below it that hold reference values.</summary>
    /// <exception cref="CutawayException">There are none.</exception>
    public static IReadOnlyList<string> In(string path)
    {
        if (File.Exists(Path.Combine(path, Notes)))
        {
            return [path];
        }

        string[] below = Directory.Exists(path) ? [.. Directory.GetDirectories(path).Where(folder => File.Exists(Path.Combine(folder, Notes))).Order(StringComparer.Ordinal)] : [];
        return below.Length > 0
            ? below
            : throw CutawayException.Input($"{path} holds no reference values: {Notes} and {Values} beside a checkpoint were expected, there or in its folders");
    }

    /// <summary>Runs the checkpoint and compares it with all reference values.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CutawayException">The folder's files cannot be read, the model is not known, or nobody knows how to compare it.</exception>
    public static IEnumerable<ParityGroup> Compare(string folder)
    {
        GoldenFolder golden = new(folder);
        if (golden.notes.TryGetProperty("cases", out _))
        {
            return new DecoderParity(golden).Groups();
        }

        ConfigReader config = ConfigReader.Open(Path.Combine(folder, "config.json"));
        return Vision.Clip.Knows(config) || Vision.VisionTransformers.Knows(config) ? new ImageParity(golden).Groups()
            : golden.Tensors.ContainsKey("input/decoder_input_ids") ? new EncoderDecoderParity(golden).Groups()
            : new EncoderParity(golden).Groups();
    }

    /// <summary>Opens a folder.</summary>
    internal static GoldenFolder Open(string folder) => new(folder);

    /// <summary>Opens the checkpoint.</summary>
    internal TransformerNetwork LoadNetwork()
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Folder);
        return new TransformerNetwork(config, weights);
    }

    /// <summary>An entry of the notes.</summary>
    internal JsonElement Note(params ReadOnlySpan<string> path)
    {
        JsonElement at = notes;
        foreach (string name in path)
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
            {
                throw CutawayException.Input($"{Path.Combine(Folder, Notes)} has no '{string.Join('.', path.ToArray())}'");
            }
        }

        return at;
    }

    /// <summary>The tensors whose names begin with a prefix, without it.</summary>
    internal Dictionary<string, StoredTensor> Group(string prefix) => tensors.Tensors
        .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);

    /// <summary>What stands before the first slash of the tensors' names.</summary>
    internal IEnumerable<string> Prefixes => tensors.Tensors.Keys.Select(name => name.Split('/')[0]).Distinct();

    /// <summary>A tensor's values, of whatever kind.</summary>
    internal static double[] ToDoubles(StoredTensor stored) => stored.Type is ElementType.Int32 or ElementType.Int64
        ? Array.ConvertAll(stored.ToIntegers(), value => (double)value)
        : stored.ToDoubles();

    private static JsonElement ReadNotes(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw CutawayException.Input($"{path} cannot be read: {error.Message}", error);
        }
    }
}
