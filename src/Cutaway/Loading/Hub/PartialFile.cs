using Microsoft.Win32.SafeHandles;

namespace Cutaway.Loading.Hub;

/// <summary>
/// A file that is being downloaded in parts: the content at its place, and behind it one byte a part that says whether the
/// part is whole. So a download that was cut goes on where it was, whichever parts were under way.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private const byte Whole = 1;
    private readonly SafeFileHandle handle;
    private readonly string path;
    private readonly byte[] parts;

    private PartialFile(SafeFileHandle handle, string path, long size, int partBytes)
    {
        this.handle = handle;
        this.path = path;
        Size = size;
        PartBytes = partBytes;
        parts = new byte[(size + partBytes - 1) / partBytes];
    }

    /// <summary>Bytes of the content.</summary>
    public long Size { get; }

    /// <summary>Bytes of a part; the last may be shorter.</summary>
    public int PartBytes { get; }

    /// <summary>Parts that are not whole.</summary>
    public IReadOnlyList<int> Missing => [.. Enumerable.Range(0, parts.Length).Where(part => parts[part] != Whole)];

    /// <summary>Bytes that are there.</summary>
    public long Done => Enumerable.Range(0, parts.Length).Where(part => parts[part] == Whole).Sum(LengthOf);

    /// <summary>Opens a file, taking over the parts that it holds if it was begun with the same sizes.</summary>
    public static PartialFile Open(string path, long size, int partBytes)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        PartialFile file = new(handle, path, size, partBytes);
        if (RandomAccess.GetLength(handle) == size + file.parts.Length)
        {
            RandomAccess.Read(handle, file.parts, size);
        }
        else
        {
            RandomAccess.SetLength(handle, 0);
            RandomAccess.SetLength(handle, size + file.parts.Length);
        }

        return file;
    }

    /// <summary>Bytes that a file holds of an earlier try; 0 where there is none, or another process has it open.</summary>
    public static long DoneIn(string path, long size, int partBytes)
    {
        try
        {
            if (!File.Exists(path))
            {
                return 0;
            }

            using PartialFile file = Open(path, size, partBytes);
            return file.Done;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Where a part begins.</summary>
    public long StartOf(int part) => (long)part * PartBytes;

    /// <summary>Bytes of a part.</summary>
    public long LengthOf(int part) => Math.Min(PartBytes, Size - StartOf(part));

    /// <summary>Writes some of the content.</summary>
    /// <exception cref="CutawayException">The disk is full, or will not be written to.</exception>
    public void Write(ReadOnlySpan<byte> content, long at)
    {
        try
        {
            RandomAccess.Write(handle, content, at);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"cannot write {path}: {error.Message}. Make room (or set HF_HOME to a larger disk) and pull again: what has come is kept", error);
        }
    }

    /// <summary>Notes that a part is whole.</summary>
    public void Complete(int part)
    {
        parts[part] = Whole;
        Write([Whole], Size + part);
    }

    /// <summary>Cuts off the notes, so that the file is its content, and brings it to disk.</summary>
    public void Finish()
    {
        RandomAccess.SetLength(handle, Size);
        RandomAccess.FlushToDisk(handle);
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}
