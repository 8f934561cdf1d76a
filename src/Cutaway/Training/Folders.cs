namespace Cutaway.Training;

/// <summary>Folders that training writes to.</summary>
internal static class Folders
{
    /// <summary>Makes a folder and those above it, where they are not there yet.</summary>
    /// <exception cref="CutawayException">That is not possible.</exception>
    public static void Create(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"cannot make the folder {folder}: {fault.Message}", fault);
        }
    }
}
