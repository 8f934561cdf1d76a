namespace Cutaway.Models.Formats;

/// <summary>Finds the weights of a checkpoint folder in Hugging Face's layout.</summary>
public static class Checkpoint
{
    private const string Single = "model.safetensors";
    private const string Index = "model.safetensors.index.json";

    /// <summary>Opens <c>model.safetensors</c>, the shards of <c>model.safetensors.index.json</c>, or the only <c>*.safetensors</c> file.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <exception cref="CutawayException">There are no weights, more than one candidate, or a file is wrong.</exception>
    public static ITensorSource Open(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw CutawayException.Input($"{folder} is not a folder; a checkpoint's folder was expected");
        }

        string single = Path.Combine(folder, Single);
        if (File.Exists(single))
        {
            return SafetensorsFile.Open(single);
        }

        string index = Path.Combine(folder, Index);
        if (File.Exists(index))
        {
            return ShardedSafetensors.Open(index);
        }

        string[] others = WeightsIn(folder);
        return others switch
        {
            [string only] => SafetensorsFile.Open(only),
            [] => throw CutawayException.Model(
                $"{folder} holds no weights: {Single}, {Index} or one *.safetensors was expected{Pickles(folder)}"),
            _ => throw CutawayException.Model(
                $"{folder} holds {others.Length} safetensors files and no {Index} to say how they belong together; add it, or leave one file"),
        };
    }

    private static string[] WeightsIn(string folder)
    {
        try
        {
            return Directory.GetFiles(folder, "*.safetensors");
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw CutawayException.Input($"{folder} cannot be listed: {error.Message}", error);
        }
    }

    private static string Pickles(string folder) =>
        Directory.EnumerateFiles(folder, "pytorch_model*.bin").Any() ? "; pytorch_model.bin is not read: convert it to safetensors" : "";
}
