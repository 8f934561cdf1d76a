namespace Cutaway.Tensors.Storage;

/// <summary>Writes files so that they appear whole or not at all: beside their place first, then moved into it.</summary>
public static class AtomicFile
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Writes a file, replacing what was there only once everything is on disk.</summary>
    /// <param name="path">Where the file shall be. A device such as <c>/dev/stdout</c> is written to directly.</param>
    /// <param name="write">Writes the content; whatever it throws, nothing new is left behind.</param>
    /// <exception cref="CutawayException">The place cannot be written to, or the disk is full.</exception>
    public static void Write(string path, Action<Stream> write) => InPlace(path, target => Replace(target, write), device =>
    {
        using FileStream stream = new(device, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        write(stream);
    });

    /// <summary>Finds out whether a file could be written, before long work that ends in writing it. What is there stays.</summary>
    /// <param name="path">Where the file shall be.</param>
    /// <exception cref="CutawayException">The place cannot be written to.</exception>
    public static void Probe(string path) => InPlace(
        path,
        target =>
        {
            string temporary = Temporary(target);
            using FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        },
        _ => { });

    private static void InPlace(string path, Action<string> file, Action<string> device)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw CutawayException.Usage("an output file was asked for, but its path is empty");
        }

        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            throw CutawayException.Input($"cannot write {path}: it is a folder; give a file name");
        }

        try
        {
            if (IsDevice(full))
            {
                device(full);
                return;
            }

            FileInfo place = new(full);
            file(place.LinkTarget is null ? full : place.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
        }
        catch (DirectoryNotFoundException error)
        {
            throw CutawayException.Input($"cannot write {path}: its folder does not exist; create it or choose another place", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw CutawayException.Input($"cannot write {path}: permission denied; choose another place", error);
        }
        catch (IOException error)
        {
            throw CutawayException.Input($"cannot write {path}: {error.Message}", error);
        }
    }

    private static void Replace(string target, Action<Stream> write)
    {
        string temporary = Temporary(target);
        bool created = false;
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes))
            {
                created = true;
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
            created = false;
        }
        finally
        {
            if (created)
            {
                File.Delete(temporary);
            }
        }
    }

    private static string Temporary(string target) => Path.Combine(Path.GetDirectoryName(target)!, $".cutaway-{Guid.NewGuid():N}.tmp");

    // Moving a file over /dev/null or /dev/stdout would replace the device itself.
    private static bool IsDevice(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path) && Path.GetDirectoryName(path) is "/dev" or "/dev/fd";
}
