namespace Cutaway.Testing;

/// <summary>Finds golden data: copies under <c>tests/Goldens</c> (always there) and the shared folder (absent in a plain clone).</summary>
internal static class Fixtures
{
    /// <summary>The repository's root, found by its solution file.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The path of a golden copied into the repository.</summary>
    public static string Golden(params string[] parts) => Path.Combine([Root, "tests", "Goldens", .. parts]);

    /// <summary>The path of a file in the shared folder; skips the calling test, and says so, where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        string folder = Environment.GetEnvironmentVariable("CUTAWAY_SHARED") ?? Path.Combine(Root, "..", "shared");
        string path = Path.GetFullPath(Path.Combine([folder, .. parts]));
        Skip.IfNot(Path.Exists(path), $"needs {Path.Combine(parts)} in the shared folder (set CUTAWAY_SHARED)");
        return path;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Cutaway.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Cutaway.slnx was not found above the test binaries");
    }
}
