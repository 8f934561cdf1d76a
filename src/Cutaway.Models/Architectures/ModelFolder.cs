using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Pickle;
using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Opens a network from where it lies: a checkpoint folder in Hugging Face's layout, or a GGUF file.</summary>
public static class ModelFolder
{
    private const string ConfigName = "config.json";

    /// <summary>Reads a network's configuration and maps its weights, which stay in their file until they are used.</summary>
    /// <param name="path">A folder with config.json and weights, a folder with one .gguf file, a .gguf file, or a file of weights with config.json beside it.</param>
    /// <exception cref="CutawayException">Nothing is there, or what is there is no network that can be read.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Load(string path) =>
        GgufIn(path) is { } gguf ? Read(GgufFile.Open(gguf)) : Read(path, OpenWeights(path));

    /// <summary>Opens the weights of a checkpoint that is no GGUF file.</summary>
    /// <param name="path">The folder, or a file of weights.</param>
    /// <exception cref="CutawayException">There are none, or they cannot be read.</exception>
    public static ITensorSource OpenWeights(string path) => File.Exists(path) ? Checkpoint.OpenFile(path) : Checkpoint.Open(path);

    /// <summary>Reads the network of weights and their configuration.</summary>
    /// <param name="path">The folder, or a file of weights.</param>
    /// <param name="weights">What was opened there.</param>
    /// <exception cref="CutawayException">There is no configuration, or it does not fit the weights.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Read(string path, ITensorSource weights)
    {
        (ReadOnlyMemory<byte> json, string source) = ConfigOf(path, weights);
        return ArchitectureCatalogue.Read(json, source, weights, path);
    }

    /// <summary>The configuration that belongs to weights, and what to call it: <c>config.json</c> in their folder, or settings in a file of PyTorch.</summary>
    /// <param name="path">The folder, or a file of weights.</param>
    /// <param name="weights">What was opened there.</param>
    /// <exception cref="CutawayException">There is none.</exception>
    public static (ReadOnlyMemory<byte> Json, string Source) ConfigOf(string path, ITensorSource weights)
    {
        string file = Path.Combine(FolderOf(path), ConfigName);
        return weights is TorchFile { Settings: { } settings } && !File.Exists(file)
            ? (settings, $"the settings in {path}")
            : (ConfigReader.ReadFile(file), file);
    }

    /// <summary>The folder that holds what belongs to a model: itself, or the one that a file is in.</summary>
    public static string FolderOf(string path) => File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;

    /// <summary>Reads a network from an open GGUF file.</summary>
    /// <exception cref="CutawayException">It holds no network that can be read.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Read(GgufFile file)
    {
        NetworkConfig config = new GgufConfig(file).Read();
        return (config, GgufWeights.Map(file, config));
    }

    /// <summary>The GGUF file that a path stands for: itself, or the only one in a folder without config.json; null for other checkpoints.</summary>
    /// <exception cref="CutawayException">Nothing is there, or the folder holds several.</exception>
    public static string? GgufIn(string path)
    {
        if (File.Exists(path))
        {
            return path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? path
                : Checkpoint.IsWeights(path) ? null
                : throw CutawayException.Input($"{path} is neither a folder nor a .gguf file, nor another file of weights (.safetensors, .pt, .bin, .npz); name the folder that holds config.json and the weights");
        }

        if (!Directory.Exists(path))
        {
            throw CutawayException.Input($"{path} does not exist; a model's folder or .gguf file was expected");
        }

        if (File.Exists(Path.Combine(path, ConfigName)))
        {
            return null;
        }

        return Directory.GetFiles(path, "*.gguf") switch
        {
            [string only] => only,
            [] => null,
            string[] several => throw CutawayException.Input($"{path} holds {several.Length} .gguf files; name one, such as {several[0]}"),
        };
    }
}
