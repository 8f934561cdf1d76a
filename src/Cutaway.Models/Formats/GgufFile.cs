using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>A mapped GGUF file, version 2 or 3, little-endian. Its header is checked as a whole when it is opened; values and tensors are read when they are used.</summary>
public sealed class GgufFile : ITensorSource
{
    internal GgufFile(string path, int version, long alignment, GgufMetadata metadata, Dictionary<string, StoredTensor> tensors)
    {
        Path = path;
        Version = version;
        Alignment = alignment;
        Metadata = metadata;
        Tensors = tensors;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The version of the format.</summary>
    public int Version { get; }

    /// <summary>Tensors begin at multiples of this many bytes.</summary>
    public long Alignment { get; }

    /// <summary>The metadata.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors by name, their axes row-major (the file lists the contiguous axis first).</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Maps and checks a file.</summary>
    /// <exception cref="CutawayException">The file cannot be read, or is not a valid GGUF file.</exception>
    public static unsafe GgufFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        GgufFile opened = Read(file, file.Pointer, file.Length, path);
        GC.KeepAlive(file);
        return opened;
    }

    /// <summary>Checks a file's bytes, which are copied to memory of the file's own.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="CutawayException">It is not a valid GGUF file.</exception>
    public static unsafe GgufFile FromBytes(ReadOnlySpan<byte> bytes, string name)
    {
        NativeBuffer<byte> memory = new(bytes.Length);
        bytes.CopyTo(memory.Span);
        return Read(memory, memory.Pointer, memory.Length, name);
    }

    /// <summary>Checks a file that is in memory; <paramref name="owner"/> keeps that memory alive.</summary>
    internal static unsafe GgufFile Read(object owner, byte* data, long length, string path) => new GgufReader(owner, data, length, path).Read();
}
