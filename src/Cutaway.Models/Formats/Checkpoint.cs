using Cutaway.Models.Formats.Numpy;
using Cutaway.Models.Formats.Pickle;

namespace Cutaway.Models.Formats;

/// <summary>Finds the weights of a checkpoint: in a folder in Hugging Face's layout, or a file by itself.</summary>
public static class Checkpoint
{
    /// <summary>The file that holds the weights where there is only one.</summary>
    internal const string Single = "model.safetensors";

    /// <summary>What says where the weights are where there are several.</summary>
    internal const string Index = Single + ShardedCheckpoint.IndexEnding;

    private const string SinglePickle = "pytorch_model.bin";

    private static readonly string[] Pickles = [".pt", ".pth", ".ckpt", ".bin"];

    // What trainers leave beside a model's weights.
    private static readonly string[] TrainerFiles = ["optimizer", "scheduler", "rng_state", "training_args", "scaler"];

    /// <summary>
    /// Opens the weights in a folder: <c>model.safetensors</c> or the shards of its index, else <c>pytorch_model.bin</c> or the
    /// shards of its index, else the only safetensors file, PyTorch file or .npz file.
    /// </summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <exception cref="CutawayException">There are no weights, more than one candidate, or a file is wrong.</exception>
    public static ITensorSource Open(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw CutawayException.Input($"{folder} is not a folder; a checkpoint's folder was expected");
        }

        foreach (string usual in (ReadOnlySpan<string>)[Single, SinglePickle])
        {
            if (File.Exists(Path.Combine(folder, usual)))
            {
                return OpenFile(Path.Combine(folder, usual));
            }

            string index = Path.Combine(folder, usual + ShardedCheckpoint.IndexEnding);
            if (File.Exists(index))
            {
                return ShardedCheckpoint.Open(index);
            }
        }

        string[] files = FilesIn(folder);
        return Only(files, IsSafetensors) ?? Only(files, IsPickle) ?? Only(files, IsNumpy) ?? throw CutawayException.Model(
            $"{folder} holds no weights: {Single}, {SinglePickle}, an index of shards, or one .safetensors, {string.Join(", ", Pickles)} or .npz file was expected");
    }

    /// <summary>Opens one file of weights.</summary>
    /// <param name="path">A safetensors file, a file of PyTorch (.pt, .pth, .ckpt, .bin), or a .npz file.</param>
    /// <exception cref="CutawayException">It cannot be read, or is none of these.</exception>
    public static ITensorSource OpenFile(string path) => IsSafetensors(path) ? SafetensorsFile.Open(path)
        : IsPickle(path) ? TorchFile.Open(path)
        : IsNumpy(path) ? NpzFile.Open(path)
        : throw CutawayException.Input($"{path} is no file of weights by its name; .safetensors, {string.Join(", ", Pickles)}, .npz or .npy was expected");

    /// <summary>Whether a file is one of weights by its name.</summary>
    public static bool IsWeights(string path) => IsSafetensors(path) || IsPickle(path) || IsNumpy(path);

    private static bool IsSafetensors(string path) => path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);

    private static bool IsPickle(string path) => Pickles.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
        && !TrainerFiles.Any(name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal));

    private static bool IsNumpy(string path) => path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);

    private static ITensorSource? Only(string[] files, Predicate<string> kind) => Array.FindAll(files, kind) switch
    {
        [string only] => OpenFile(only),
        [] => null,
        string[] several => throw CutawayException.Model(
            $"{Path.GetDirectoryName(several[0])} holds {several.Length} files that may be its weights ({string.Join(", ", several.Take(3).Select(Path.GetFileName))}) and no {Index} to say how they belong together; add it, or leave one file"),
    };

    private static string[] FilesIn(string folder)
    {
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw CutawayException.Input($"{folder} cannot be listed: {error.Message}", error);
        }
    }
}
