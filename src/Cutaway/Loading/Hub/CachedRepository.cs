namespace Cutaway.Loading.Hub;

/// <summary>
/// A repository in the hub cache, in huggingface_hub's layout: contents by checksum in <c>blobs</c>, and in
/// <c>snapshots/&lt;commit&gt;</c> the files of a commit as links to them; <c>refs</c> says which commit a branch or tag is.
/// </summary>
/// <param name="cache">The cache's folder.</param>
/// <param name="id"><c>owner/name</c>.</param>
internal sealed class CachedRepository(string cache, string id)
{
    private readonly string name = "models--" + id.Replace("/", "--", StringComparison.Ordinal);

    /// <summary>Its folder.</summary>
    public string Folder => Path.Combine(cache, name);

    /// <summary>The folder of its contents.</summary>
    public string Blobs => Path.Combine(Folder, "blobs");

    private string References => Path.Combine(Folder, "refs");

    private string Snapshots => Path.Combine(Folder, "snapshots");

    /// <summary>The folder of a commit's files.</summary>
    public string Snapshot(string commit) => Path.Combine(Snapshots, commit);

    /// <summary>A file of a commit.</summary>
    public string Link(string commit, string path) => Path.Combine(Snapshot(commit), path.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The file whose lock says that a content is being fetched.</summary>
    public string LockOf(string blob) => Path.Combine(cache, ".locks", name, blob + ".lock");

    /// <summary>Makes a file of a commit lead to its content; where links are not possible, it becomes a copy.</summary>
    public void Point(string commit, string path, string blob)
    {
        string link = Link(commit, path);
        string folder = Path.GetDirectoryName(link)!;
        Directory.CreateDirectory(folder);
        string target = Path.GetRelativePath(folder, Path.Combine(Blobs, blob));
        if (new FileInfo(link).LinkTarget == target)
        {
            return;
        }

        File.Delete(link);
        try
        {
            File.CreateSymbolicLink(link, target);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException && OperatingSystem.IsWindows())
        {
            File.Copy(Path.Combine(Blobs, blob), link);
        }
    }

    /// <summary>Writes down which commit a branch or tag is.</summary>
    public void Name(string revision, string commit)
    {
        if (revision != commit)
        {
            string reference = Path.Combine(References, revision);
            Directory.CreateDirectory(Path.GetDirectoryName(reference)!);
            Tensors.Storage.AtomicFile.Write(reference, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(commit)));
        }
    }

    /// <summary>The files of a commit, by path.</summary>
    public IReadOnlyList<CachedFile> Files(string commit)
    {
        string snapshot = Snapshot(commit);
        return
        [
            .. Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file =>
            {
                FileSystemInfo content = new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true) ?? new FileInfo(file);
                return new CachedFile(Path.GetRelativePath(snapshot, file).Replace('\\', '/'), file, BlobOf(file), content is FileInfo { Exists: true } whole ? whole.Length : null);
            }),
        ];
    }

    /// <summary>What removing a commit would free, and what it leaves because other commits use it.</summary>
    /// <param name="commit">The commit, or null for the whole repository.</param>
    public Removal PlanRemoval(string? commit)
    {
        if (commit is null)
        {
            return new Removal([Folder, Path.Combine(cache, ".locks", name)], SizeOf(Directory.Exists(Blobs) ? Directory.EnumerateFiles(Blobs) : []));
        }

        HashSet<string?> kept = [.. Directory.EnumerateDirectories(Snapshots).Select(folder => Path.GetFileName(folder)!).Where(other => other != commit).SelectMany(Files).Select(file => file.Blob)];
        string[] blobs = [.. Files(commit).Select(file => file.Blob).OfType<string>().Distinct().Where(blob => !kept.Contains(blob)).Select(blob => Path.Combine(Blobs, blob))];
        string[] names = Directory.Exists(References)
            ? [.. Directory.EnumerateFiles(References, "*", SearchOption.AllDirectories).Where(file => File.ReadAllText(file).Trim() == commit)]
            : [];
        return kept.Count == 0 ? PlanRemoval(null) : new Removal([.. names, Snapshot(commit), .. blobs], SizeOf(blobs));
    }

    // The content's name in blobs, or null where the file is no link into them.
    private string? BlobOf(string file) =>
        new FileInfo(file).LinkTarget is { } target && Path.GetFullPath(target, Path.GetDirectoryName(file)!) is var content && Path.GetDirectoryName(content) == Path.GetFullPath(Blobs)
            ? Path.GetFileName(content)
            : null;

    private static long SizeOf(IEnumerable<string> files) => files.Select(file => new FileInfo(file)).Where(file => file.Exists && file.LinkTarget is null).Sum(file => file.Length);
}
