namespace Cutaway.Tensors.Storage;

/// <summary>Writes folders so that they appear whole or not at all: beside their place first, then moved into it.</summary>
public static class AtomicFolder
{
    /// <summary>Writes a folder.</summary>
    /// <param name="path">Where it shall be: nothing is there yet, or an empty folder.</param>
    /// <param name="fill">Writes its files into the folder that it is given; whatever it throws, nothing is left behind.</param>
    /// <exception cref="CutawayException">Something is there already, the place cannot be written to, or the disk is full.</exception>
    public static void Write(string path, Action<string> fill)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw CutawayException.Usage("an output folder was asked for, but its path is empty");
        }

        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
            {
                throw CutawayException.Input($"cannot write {path}: something is there already; choose another folder, or remove it first");
            }

            Replace(full, fill);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"cannot write {path}: {error.Message}", error);
        }
    }

    private static void Replace(string target, Action<string> fill)
    {
        string parent = Path.GetDirectoryName(target) ?? throw new IOException("it has no folder above it");
        string temporary = Path.Combine(parent, $".cutaway-{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(temporary);
            fill(temporary);
            if (Directory.Exists(target))
            {
                Directory.Delete(target);
            }

            Directory.Move(temporary, target);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }
}
