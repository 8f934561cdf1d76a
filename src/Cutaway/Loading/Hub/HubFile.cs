namespace Cutaway.Loading.Hub;

/// <summary>A file of a repository on the hub.</summary>
/// <param name="Path">Its path in the repository, with slashes.</param>
/// <param name="Size">Its bytes, or null where the hub does not say.</param>
public sealed record HubFile(string Path, long? Size);

/// <summary>A revision of a repository on the hub.</summary>
/// <param name="Id">The repository, <c>owner/name</c>.</param>
/// <param name="Revision">What was asked for: a branch, a tag or a commit.</param>
/// <param name="Commit">The commit that it is.</param>
/// <param name="Files">Its files.</param>
public sealed record HubRevision(string Id, string Revision, string Commit, IReadOnlyList<HubFile> Files);

/// <summary>What the hub says of one file before it is fetched.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Blob">The name its content has in the cache: its SHA-256 (large files) or git's SHA-1.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Address">Where its content is.</param>
internal sealed record HubBlob(string Path, string Blob, long Size, Uri Address);
