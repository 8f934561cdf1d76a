namespace Cutaway.Loading.Hub;

/// <summary>What taking a model out of the hub cache deletes.</summary>
/// <param name="Paths">Files and folders.</param>
/// <param name="Bytes">Bytes that become free.</param>
public sealed record Removal(IReadOnlyList<string> Paths, long Bytes)
{
    /// <summary>Deletes it, names first, so that a removal that is cut off leaves no name that leads nowhere.</summary>
    /// <exception cref="CutawayException">Something cannot be deleted.</exception>
    public void Run()
    {
        foreach (string path in Paths)
        {
            try
            {
                if (Directory.Exists(path))
                {
                    Directory.Delete(path, recursive: true);
                }
                else
                {
                    File.Delete(path);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw CutawayException.Input($"cannot delete {path}: {error.Message}", error);
            }
        }
    }
}
