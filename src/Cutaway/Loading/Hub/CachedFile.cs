namespace Cutaway.Loading.Hub;

/// <summary>A file of a model in the hub cache.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Location">Where it is on disk.</param>
/// <param name="Blob">The name of its content, which is its checksum; null where it is a file of its own.</param>
/// <param name="Size">Its bytes, or null where its content is gone.</param>
public sealed record CachedFile(string Path, string Location, string? Blob, long? Size);

/// <summary>What is known of a file after it was checked.</summary>
public enum FileState
{
    /// <summary>Its content is what its checksum says.</summary>
    Intact,

    /// <summary>Its content is not what its checksum says.</summary>
    Damaged,

    /// <summary>Its content is gone.</summary>
    Missing,

    /// <summary>There is no checksum to check it by.</summary>
    Unchecked,
}
