using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Cutaway.Tensors.Storage;

/// <summary>
/// A file seen as read-only memory. Pages are read when they are touched. The view lives as long as something refers to
/// this object, so whoever keeps <see cref="Pointer"/> keeps the file too; there is nothing to dispose.
/// A file that is cut short while it is mapped has no pages behind its end: touching them ends the process (SIGBUS on
/// Unix), so a model in use should be replaced by renaming, as downloads do, not rewritten in place.
/// </summary>
public sealed unsafe class MappedFile
{
    private readonly SafeMemoryMappedViewHandle view;

    private MappedFile(string path, long length, SafeMemoryMappedViewHandle view)
    {
        Path = path;
        Length = length;
        this.view = view;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file.</summary>
    public long Length { get; }

    /// <summary>The file's first byte; keep this object referenced while it is used.</summary>
    public byte* Pointer => (byte*)view.DangerousGetHandle();

    /// <summary>Maps a file.</summary>
    /// <param name="path">A regular file.</param>
    /// <exception cref="CutawayException">It is missing, a folder, unreadable, or empty.</exception>
    public static MappedFile Open(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw CutawayException.Input($"{path} is a folder; a file was expected");
            }

            // The length is asked for before opening: a pipe has none, and opening one would wait for its writer.
            if (new FileInfo(path).Length == 0)
            {
                throw CutawayException.Model($"{path} is empty or not a regular file; copy or download it again");
            }

            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            long length = RandomAccess.GetLength(handle);
            using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
                handle, mapName: null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            MemoryMappedViewAccessor accessor = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            return new MappedFile(path, length, accessor.SafeMemoryMappedViewHandle);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CutawayException.Input($"{path} does not exist; check the path", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw CutawayException.Input($"{path} may not be read; check its permissions", error);
        }
        catch (Exception error) when (error is IOException or ArgumentException)
        {
            throw CutawayException.Input($"{path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>A part of the file.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the file.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(Pointer + offset, length);
    }
}
