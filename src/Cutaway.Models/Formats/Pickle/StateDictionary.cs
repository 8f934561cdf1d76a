namespace Cutaway.Models.Formats.Pickle;

/// <summary>The tensors in what a file of PyTorch holds: a state dictionary, by itself or under a usual name beside settings.</summary>
/// <param name="Tensors">Tensors and arrays by name.</param>
/// <param name="Settings">A configuration found beside them, as JSON, or null.</param>
internal sealed record StateDictionary(IReadOnlyDictionary<string, object> Tensors, ReadOnlyMemory<byte>? Settings)
{
    // What training scripts call them.
    private static readonly string[] Nested = ["state_dict", "model_state_dict", "model", "module", "weights"];
    private static readonly string[] Configurations = ["cfg", "config", "model_config", "model_cfg", "hyper_parameters", "args"];

    /// <summary>What data-parallel training puts before every name.</summary>
    private const string ParallelPrefix = "module.";

    /// <summary>Finds them.</summary>
    /// <exception cref="FormatException">There are none, or a name has two.</exception>
    public static StateDictionary Find(object? root)
    {
        if (root is not PickleDictionary dictionary)
        {
            throw new FormatException(root is TorchTensor
                ? "it holds one tensor without a name; a dictionary of tensors was expected"
                : "it holds no dictionary of tensors");
        }

        Dictionary<string, object> tensors = TensorsOf(dictionary);
        foreach (string key in Nested)
        {
            if (tensors.Count == 0 && dictionary[key] is PickleDictionary nested)
            {
                tensors = TensorsOf(nested);
            }
        }

        if (tensors.Count == 0)
        {
            string keys = string.Join(", ", dictionary.Entries.Select(entry => entry.Key).OfType<string>().Take(6).Select(Quote.Name));
            throw new FormatException($"it holds no tensors by name, neither by itself nor under {string.Join(", ", Nested)}; it has {(keys.Length == 0 ? "no keys" : keys)}");
        }

        object? settings = Configurations.Select(key => dictionary[key]).FirstOrDefault(value => value is PickleDictionary or PickleObject);
        return new StateDictionary(WithoutPrefix(tensors), settings is null ? default(ReadOnlyMemory<byte>?) : PickleJson.Write(settings));
    }

    private static Dictionary<string, object> TensorsOf(PickleDictionary dictionary)
    {
        Dictionary<string, object> tensors = new(StringComparer.Ordinal);
        foreach ((object? key, object? value) in dictionary.Entries)
        {
            if (key is string name && value is TorchTensor or NumpyArray && !tensors.TryAdd(name, value))
            {
                throw new FormatException($"tensor {Quote.Name(name)} appears twice");
            }
        }

        return tensors;
    }

    private static Dictionary<string, object> WithoutPrefix(Dictionary<string, object> tensors) =>
        tensors.Keys.All(name => name.StartsWith(ParallelPrefix, StringComparison.Ordinal))
            ? tensors.ToDictionary(entry => entry.Key[ParallelPrefix.Length..], entry => entry.Value, StringComparer.Ordinal)
            : tensors;
}
