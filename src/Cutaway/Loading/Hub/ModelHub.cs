using Cutaway.Planning;

namespace Cutaway.Loading.Hub;

/// <summary>The Hugging Face hub: brings models into the cache that <c>huggingface_hub</c> uses too, so that neither fetches what the other has.</summary>
/// <param name="settings">Which hub, as whom, and where to keep things.</param>
public sealed class ModelHub(HubSettings settings)
{
    private const string DefaultRevision = "main";

    // Left free for everything else on the disk.
    private const long SpareBytes = 64L << 20;
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Fetches the files that a model needs: configuration, tokenizer and weights (safetensors, else a pickle, else a .gguf file).</summary>
    /// <param name="name"><c>owner/name</c>, or <c>owner/name@revision</c> with a branch, a tag or a commit.</param>
    /// <param name="includes">Patterns (<c>*</c>, <c>?</c>) of the weight files wanted instead of those it would choose.</param>
    /// <param name="progress">Hears how far it is; its cancellation ends it, and what has come is kept for the next time.</param>
    /// <returns>The model in the cache.</returns>
    /// <exception cref="CutawayException">There is no such model, it may not be read, the network or the disk fail, or what arrives is not what was announced.</exception>
    public async Task<CachedModel> Pull(string name, IReadOnlyList<string>? includes = null, Progress progress = default)
    {
        if (!HubCache.IsId(name))
        {
            throw CutawayException.Usage($"'{name}' is no hub id; owner/name or owner/name@revision was expected");
        }

        if (settings.Offline)
        {
            throw CutawayException.Usage($"HF_HUB_OFFLINE is set, so '{name}' is not fetched; unset it");
        }

        (string id, string revisionName) = name.Split('@') is [string left, string right] ? (left, right) : (name, DefaultRevision);
        using HubConnection connection = new(settings);
        HubClient client = new(settings, connection);
        HubRevision revision = await client.Describe(id, revisionName, progress.Cancellation).ConfigureAwait(false);
        CachedRepository place = settings.Cache.Repository(id);
        HubFile? index = HubSelection.IndexOf(revision, includes ?? []);
        byte[]? indexText = null;
        if (index is not null)
        {
            await Fetch(client, connection, revision, place, [index], progress).ConfigureAwait(false);
            indexText = await File.ReadAllBytesAsync(place.Link(revision.Commit, index.Path), progress.Cancellation).ConfigureAwait(false);
        }

        IReadOnlyList<HubFile> weights = HubSelection.Weights(revision, includes ?? [], indexText);
        await Fetch(client, connection, revision, place, [.. HubSelection.CompanionsOf(revision).Concat(weights)], progress).ConfigureAwait(false);

        // The name leads to the new revision only once all of it is there.
        place.Name(revisionName, revision.Commit);
        return new CachedModel(id, revisionName, place.Snapshot(revision.Commit));
    }

    private async Task Fetch(HubClient client, HubConnection connection, HubRevision revision, CachedRepository place, IReadOnlyList<HubFile> files, Progress progress)
    {
        HubBlob[] blobs = new HubBlob[files.Count];
        for (int i = 0; i < blobs.Length; i++)
        {
            progress.Step($"asking for {files[i].Path}", i, blobs.Length);
            blobs[i] = await client.Find(revision, files[i], progress.Cancellation).ConfigureAwait(false);
        }

        Directory.CreateDirectory(place.Blobs);
        (HubBlob Blob, BlobDownload Download)[] downloads = [.. blobs.Select(blob => (blob, new BlobDownload(settings, connection, revision, blob, place.Blobs)))];
        long total = blobs.Sum(blob => blob.Size);
        long here = downloads.Sum(pair => pair.Download.Present);
        RequireRoom(revision.Id, place.Blobs, total - here);
        foreach ((HubBlob blob, BlobDownload download) in downloads)
        {
            using (await Lock(place, blob.Blob, progress).ConfigureAwait(false))
            {
                await download.Run(Arrived, progress).ConfigureAwait(false);
            }

            place.Point(revision.Commit, blob.Path, blob.Blob);

            void Arrived(long bytes)
            {
                long now = Interlocked.Add(ref here, bytes);
                progress.Report?.Invoke($"{revision.Id}: {blob.Path}, {MemorySize.Rounded(now)} of {MemorySize.Rounded(total)}", total == 0 ? 1 : (double)now / total);
            }
        }
    }

    private void RequireRoom(string id, string folder, long missing)
    {
        long free = settings.FreeBytes(folder);
        if (missing + SpareBytes > free)
        {
            throw CutawayException.Input(
                $"'{id}' needs {MemorySize.Rounded(missing)} more, and {folder} has {MemorySize.Rounded(free)} free; make room, or set HF_HOME to a larger disk");
        }
    }

    // The lock that huggingface_hub takes too: whoever comes second finds the file there.
    private static async Task<FileStream> Lock(CachedRepository place, string blob, Progress progress)
    {
        string path = place.LockOf(blob);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (IOException) when (File.Exists(path))
            {
                progress.Step("waiting for another download of the same file", 0, 1);
                await Task.Delay(LockPause, progress.Cancellation).ConfigureAwait(false);
            }
        }
    }
}
