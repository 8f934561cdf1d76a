using Cutaway.Models.Formats.Zip;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>
/// A checkpoint as <c>torch.save</c> writes it: a zip file of a pickle and storages, or, before PyTorch 1.6, pickles one
/// after another with the storages behind them. The file is mapped; tensors are views of it. Its pickle is read by a
/// machine that knows tensors and plain values only, so that opening a file never runs what is in it.
/// </summary>
public sealed unsafe class TorchFile : ITensorSource
{
    private TorchFile(string path, Dictionary<string, StoredTensor> tensors, ReadOnlyMemory<byte>? settings)
    {
        Path = path;
        Tensors = tensors;
        Settings = settings;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>A configuration saved beside the tensors (under <c>cfg</c>, <c>config</c> or the like) as JSON, or null.</summary>
    public ReadOnlyMemory<byte>? Settings { get; }

    /// <summary>Maps and checks a file.</summary>
    /// <exception cref="CutawayException">The file cannot be read, is not a checkpoint, or would run code.</exception>
    public static TorchFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        TorchFile opened = Read(file, file.Pointer, file.Length, path);
        GC.KeepAlive(file);
        return opened;
    }

    /// <summary>Checks a file's bytes, which are copied to memory of the file's own.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="CutawayException">It is not a checkpoint, or would run code.</exception>
    public static TorchFile FromBytes(ReadOnlySpan<byte> bytes, string name)
    {
        NativeBuffer<byte> memory = new(bytes.Length);
        bytes.CopyTo(memory.Span);
        return Read(memory, memory.Pointer, memory.Length, name);
    }

    private static TorchFile Read(object owner, byte* data, long length, string path)
    {
        try
        {
            TorchContent content = ZipDirectory.IsZip(new ReadOnlySpan<byte>(data, (int)Math.Min(length, sizeof(uint))))
                ? TorchArchive.Read(new ZipContent(owner, data, length))
                : LegacyTorchFile.Read(owner, data, length);
            StateDictionary found = StateDictionary.Find(content.Root);
            TorchTensors tensors = new(content, length, path);
            return new TorchFile(path, found.Tensors.ToDictionary(entry => entry.Key, entry => tensors.Store(entry.Key, entry.Value), StringComparer.Ordinal), found.Settings);
        }
        catch (FormatException error)
        {
            throw CutawayException.Model($"{path} is not read as a PyTorch checkpoint: {error.Message}", error);
        }
    }
}
