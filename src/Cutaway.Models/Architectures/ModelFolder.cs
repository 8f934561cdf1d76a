using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Opens a network from where it lies: a checkpoint folder in Hugging Face's layout, or a GGUF file.</summary>
public static class ModelFolder
{
    /// <summary>Reads a network's configuration and maps its weights, which stay in their file until they are used.</summary>
    /// <param name="path">A folder with config.json and weights, a folder with one .gguf file, or a .gguf file.</param>
    /// <exception cref="CutawayException">Nothing is there, or what is there is no network that can be read.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Load(string path)
    {
        if (GgufIn(path) is { } gguf)
        {
            return Read(GgufFile.Open(gguf));
        }

        return ArchitectureCatalogue.Read(Path.Combine(path, "config.json"), Checkpoint.Open(path), path);
    }

    /// <summary>Reads a network from an open GGUF file.</summary>
    /// <exception cref="CutawayException">It holds no network that can be read.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Read(GgufFile file)
    {
        NetworkConfig config = new GgufConfig(file).Read();
        return (config, GgufWeights.Map(file, config));
    }

    /// <summary>The GGUF file that a path stands for: itself, or the only one in a folder without config.json; null for a checkpoint folder.</summary>
    /// <exception cref="CutawayException">Nothing is there, or the folder holds several.</exception>
    public static string? GgufIn(string path)
    {
        if (File.Exists(path))
        {
            return path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)
                ? path
                : throw CutawayException.Input($"{path} is neither a folder nor a .gguf file; name the folder that holds config.json and the weights");
        }

        if (!Directory.Exists(path))
        {
            throw CutawayException.Input($"{path} does not exist; a model's folder or .gguf file was expected");
        }

        if (File.Exists(Path.Combine(path, "config.json")))
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
