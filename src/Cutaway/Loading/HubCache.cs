using System.Text.RegularExpressions;

namespace Cutaway.Loading;

/// <summary>A model in the hub cache.</summary>
/// <param name="Id">Its hub id, <c>owner/name</c>.</param>
/// <param name="Revision">The branch, tag or commit.</param>
/// <param name="Folder">The snapshot's folder.</param>
public sealed record CachedModel(string Id, string Revision, string Folder);

/// <summary>
/// Models that other tools have downloaded from the Hugging Face hub, in huggingface_hub's layout:
/// <c>models--owner--name/refs/main</c> holds a commit, <c>snapshots/&lt;commit&gt;</c> the files. It is only read.
/// </summary>
/// <param name="folder">The cache's folder.</param>
public sealed partial class HubCache(string folder)
{
    private const string DefaultRevision = "main";
    private const int LongestCommit = 256;

    /// <summary>The user's cache: <c>HF_HUB_CACHE</c>, else <c>HF_HOME/hub</c>, else <c>~/.cache/huggingface/hub</c> (<c>XDG_CACHE_HOME</c> for <c>~/.cache</c>).</summary>
    public static HubCache Default => new(FolderIn(Environment.GetEnvironmentVariable));

    /// <summary>The cache's folder; it need not exist.</summary>
    public string Folder => folder;

    /// <summary>The models in the cache at their default revision, by id. Repositories without weights that could be opened are left out.</summary>
    public IReadOnlyList<CachedModel> Models()
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        try
        {
            return
            [
                .. Directory.GetDirectories(folder, "models--*")
                    .Select(found => Path.GetFileName(found)["models--".Length..].Replace("--", "/", StringComparison.Ordinal))
                    .Where(IsId)
                    .Order(StringComparer.Ordinal)
                    .Select(id => (id, snapshot: Snapshot(id, DefaultRevision)))
                    .Where(pair => pair.snapshot is not null && HoldsModel(pair.snapshot))
                    .Select(pair => new CachedModel(pair.id, DefaultRevision, pair.snapshot!)),
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the hub cache {folder} cannot be listed: {error.Message}", error);
        }
    }

    /// <summary>The cache's folder under the given environment variables.</summary>
    internal static string FolderIn(Func<string, string?> variable)
    {
        return Set("HF_HUB_CACHE") ?? Path.Combine(Set("HF_HOME") ?? Path.Combine(Set("XDG_CACHE_HOME") ?? Path.Combine(Home(), ".cache"), "huggingface"), "hub");

        string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;

        static string Home() => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
    }

    /// <summary>Whether a name has the form of a hub id: <c>owner/name</c> or <c>name</c>, each with <c>@revision</c> or without.</summary>
    internal static bool IsId(string name) => IdPattern().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal) && !name.Contains("--", StringComparison.Ordinal);

    /// <summary>The snapshot's folder of an id, or null where the cache does not hold the repository.</summary>
    /// <param name="name">An id with or without a revision (a branch, a tag, or a commit).</param>
    /// <exception cref="CutawayException">The repository is there, but not this revision.</exception>
    internal string? Find(string name)
    {
        (string id, string revision) = name.Split('@') is [string left, string right] ? (left, right) : (name, DefaultRevision);
        string repository = RepositoryFolder(id);
        if (!Directory.Exists(repository))
        {
            return null;
        }

        return Snapshot(id, revision) ?? throw CutawayException.Input(
            $"revision '{revision}' of '{id}' is not in {repository}; there are {Revisions(repository)}. Write {id}@<one of them>, or download it");
    }

    private string RepositoryFolder(string id) => Path.Combine(folder, "models--" + id.Replace("/", "--", StringComparison.Ordinal));

    private string? Snapshot(string id, string revision)
    {
        string repository = RepositoryFolder(id);
        string reference = Path.Combine(repository, "refs", revision);
        string commit = File.Exists(reference) && new FileInfo(reference).Length <= LongestCommit ? File.ReadAllText(reference).Trim() : revision;
        string snapshot = Path.Combine(repository, "snapshots", commit);
        return RevisionPattern().IsMatch(commit) && Directory.Exists(snapshot) ? snapshot : null;
    }

    private static string Revisions(string repository)
    {
        IEnumerable<string> names = new[] { "refs", "snapshots" }
            .Select(part => Path.Combine(repository, part))
            .Where(Directory.Exists)
            .SelectMany(Directory.GetFileSystemEntries)
            .Select(entry => Path.GetFileName(entry)!)
            .Order(StringComparer.Ordinal);
        string list = string.Join(", ", names.Take(6));
        return list.Length == 0 ? "none" : list;
    }

    private static bool HoldsModel(string snapshot) =>
        File.Exists(Path.Combine(snapshot, "config.json")) || Directory.EnumerateFiles(snapshot, "*.gguf").Any();

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?(@[\w.-]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();

    [GeneratedRegex(@"^\w[\w.-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex RevisionPattern();
}
