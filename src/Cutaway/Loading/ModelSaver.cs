using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Planning;
using Cutaway.Tensors.Storage;

namespace Cutaway.Loading;

/// <summary>Writes a model to a folder in Hugging Face's layout.</summary>
internal static class ModelSaver
{
    /// <summary>The configuration's file.</summary>
    public const string Config = "config.json";

    /// <summary>Writes it; see <see cref="LanguageModel.Save"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">Where.</param>
    /// <param name="shardBytes">The most bytes of weights in one file.</param>
    /// <param name="freeBytes">The room on the disk of a folder.</param>
    public static void Save(LanguageModel model, string folder, long shardBytes = CheckpointWriter.ShardBytes, Func<string, long>? freeBytes = null)
    {
        ModelOrigin origin = model.Origin ?? throw CutawayException.Usage(
            $"'{model.Name}' was not read from files in Hugging Face's layout (a .gguf file holds weights in blocks, under other names), so there is no configuration to write it with; save a model read from such a folder");
        (ReadOnlyMemory<byte> json, string source) = origin.Config();
        IReadOnlyList<OutputTensor> tensors = CheckpointEdit.Tensors(json, source, origin.Tensors, origin.Where, origin.Network, (model.Config, model.Network.Weights));
        AtomicFolder.Write(folder, place =>
        {
            long needed = tensors.Sum(tensor => tensor.ByteLength);
            long free = (freeBytes ?? FreeBytes)(place);
            if (needed > free)
            {
                throw CutawayException.Input($"cannot write {folder}: it takes {MemorySize.Rounded(needed)}, and {MemorySize.Rounded(free)} are free there; make room, or choose another disk");
            }

            File.WriteAllBytes(Path.Combine(place, Config), json.Span);
            foreach ((string name, byte[] content) in origin.Companions())
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(place, name))!);
                File.WriteAllBytes(Path.Combine(place, name), content);
            }

            CheckpointWriter.Write(place, tensors, shardBytes);
        });
    }

    private static long FreeBytes(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
}
