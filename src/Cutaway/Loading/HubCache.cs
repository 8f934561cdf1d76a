using System.Text.RegularExpressions;
using Cutaway.Loading.Hub;

namespace Cutaway.Loading;

/// <summary>A model in the hub cache.</summary>
/// <param name="Id">Its hub id, <c>owner/name</c>.</param>
/// <param name="Revision">The branch, tag or commit.</param>
/// <param name="Folder">The snapshot's folder.</param>
public sealed record CachedModel(string Id, string Revision, string Folder);

/// <summary>
/// The models that were downloaded from the Hugging Face hub, by <see cref="Hub.ModelHub"/> or other tools, in huggingface_hub's layout:
/// <c>models--owner--name/refs/main</c> holds a commit, <c>snapshots/&lt;commit&gt;</c> the files.
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

    /// <summary>The files of a model in the cache.</summary>
    /// <param name="name">Its id, with or without a revision.</param>
    /// <exception cref="CutawayException">The cache does not hold it.</exception>
    public IReadOnlyList<CachedFile> Files(string name)
    {
        (CachedRepository repository, string commit) = Require(name);
        return repository.Files(commit);
    }

    /// <summary>Reads every file of a model and compares it with its checksum, the name of its content in the cache.</summary>
    /// <param name="name">Its id, with or without a revision.</param>
    /// <param name="progress">Hears how far it is.</param>
    /// <exception cref="CutawayException">The cache does not hold it.</exception>
    public IReadOnlyList<(CachedFile File, FileState State)> Verify(string name, Progress progress = default)
    {
        return [.. Files(name).Select(file => (file, State(file)))];

        FileState State(CachedFile file) => file switch
        {
            { Size: null } => FileState.Missing,
            { Blob: { } blob } when BlobHash.IsChecksum(blob) => BlobHash.Fits(file.Location, blob, progress) ? FileState.Intact : FileState.Damaged,
            _ => FileState.Unchecked,
        };
    }

    /// <summary>What taking a model out of the cache would delete: with a revision what only that revision uses, without one everything of the repository.</summary>
    /// <param name="name">Its id, with or without a revision.</param>
    /// <exception cref="CutawayException">The cache does not hold it.</exception>
    public Removal PlanRemoval(string name)
    {
        if (name.Contains('@', StringComparison.Ordinal))
        {
            (CachedRepository repository, string commit) = Require(name);
            return repository.PlanRemoval(commit);
        }

        CachedRepository whole = Repository(name);
        return IsId(name) && Directory.Exists(whole.Folder) ? whole.PlanRemoval(null) : throw Absent(name);
    }

    private (CachedRepository Repository, string Commit) Require(string name) =>
        IsId(name) && Find(name) is { } snapshot ? (Repository(name.Split('@')[0]), Path.GetFileName(snapshot)) : throw Absent(name);

    private CutawayException Absent(string name) =>
        CutawayException.Input($"the hub cache {folder} does not hold '{name}'{NearNames.Suggest(name, Models().Select(model => model.Id))}; cutaway model list shows what it holds");

    /// <summary>The cache's folder under the given environment variables.</summary>
    internal static string FolderIn(Func<string, string?> variable)
    {
        return variable("HF_HUB_CACHE") is { Length: > 0 } set ? set : Path.Combine(HomeIn(variable), "hub");
    }

    /// <summary>The folder of everything that Hugging Face's tools keep: <c>HF_HOME</c>, else <c>huggingface</c> in the user's cache.</summary>
    internal static string HomeIn(Func<string, string?> variable)
    {
        return Set("HF_HOME") ?? Path.Combine(Set("XDG_CACHE_HOME") ?? Path.Combine(Home(), ".cache"), "huggingface");

        string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;

        static string Home() => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
    }

    /// <summary>The folder of a repository, which need not exist.</summary>
    /// <param name="id"><c>owner/name</c>.</param>
    internal CachedRepository Repository(string id) => new(folder, id);

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
            $"revision '{revision}' of '{id}' is not in {repository}; there are {Revisions(repository)}. Write {id}@<one of them>, or run cutaway model pull {id}@{revision}");
    }

    private string RepositoryFolder(string id) => Repository(id).Folder;

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
