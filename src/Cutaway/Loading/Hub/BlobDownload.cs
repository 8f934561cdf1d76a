using System.Net;
using System.Net.Http.Headers;

namespace Cutaway.Loading.Hub;

/// <summary>Fetches one file into the cache's blobs, in parts at once where the host can, and takes up what an earlier try left.</summary>
internal sealed class BlobDownload(HubSettings settings, HubConnection connection, HubRevision revision, HubBlob blob, string blobs)
{
    private readonly string target = Path.Combine(blobs, blob.Blob);

    // Not the name huggingface_hub gives to what it has begun: it takes such a file for the content's first bytes.
    private readonly string partial = Path.Combine(blobs, blob.Blob + ".cutaway");

    /// <summary>Bytes of this file that are already there.</summary>
    public long Present => File.Exists(target) ? blob.Size : PartialFile.DoneIn(partial, blob.Size, settings.PartBytes);

    /// <summary>Fetches what is missing, checks the whole, and puts it in place.</summary>
    /// <param name="arrived">Hears of bytes as they come, and of minus as many if they must come again.</param>
    /// <param name="progress">Hears of the check; its cancellation stops the download, which keeps what has come.</param>
    /// <exception cref="CutawayException">The host refuses, the content is not what was announced, or it cannot be written.</exception>
    public async Task Run(Action<long> arrived, Progress progress)
    {
        if (File.Exists(target))
        {
            return;
        }

        using (PartialFile file = PartialFile.Open(partial, blob.Size, settings.PartBytes))
        {
            await Fill(file, arrived, progress.Cancellation).ConfigureAwait(false);
            file.Finish();
        }

        if (BlobHash.IsChecksum(blob.Blob) && !BlobHash.Fits(partial, blob.Blob, progress))
        {
            File.Delete(partial);
            throw CutawayException.Input($"{blob.Path} of '{revision.Id}' arrived damaged: its checksum is not {blob.Blob}. It was deleted; pull again, and if it happens again, check HF_ENDPOINT or tell the repository's owner");
        }

        File.Move(partial, target, overwrite: true);
    }

    // The first missing part shows whether the host gives parts; of one that does not, everything is taken in one go.
    private async Task Fill(PartialFile file, Action<long> arrived, CancellationToken cancellation)
    {
        IReadOnlyList<int> missing = file.Missing;
        if (missing.Count == 0)
        {
            return;
        }

        if (!await FetchPart(file, missing[0], arrived, cancellation).ConfigureAwait(false))
        {
            arrived(-file.Done);
            await FetchWhole(file, arrived, cancellation).ConfigureAwait(false);
            return;
        }

        ParallelOptions options = new() { MaxDegreeOfParallelism = settings.Connections, CancellationToken = cancellation };
        await Parallel.ForEachAsync(missing.Skip(1), options, async (part, cancel) =>
        {
            if (!await FetchPart(file, part, arrived, cancel).ConfigureAwait(false))
            {
                throw CutawayException.Input($"{blob.Address.Host} stopped giving {blob.Path} in parts; pull again: what has come is kept");
            }
        }).ConfigureAwait(false);
    }

    // Whether the host gave the part; one that knows no ranges offers the whole, which is not read here.
    private async Task<bool> FetchPart(PartialFile file, int part, Action<long> arrived, CancellationToken cancellation)
    {
        long at = file.StartOf(part);
        long end = at + file.LengthOf(part);
        while (at < end)
        {
            if (!await connection.Retry(blob.Address, Attempt, cancellation).ConfigureAwait(false))
            {
                return false;
            }
        }

        file.Complete(part);
        return true;

        async Task<bool> Attempt(CancellationToken cancel)
        {
            long before = at;
            using HttpResponseMessage answer = await connection.Send(HttpMethod.Get, blob.Address, new RangeHeaderValue(at, end - 1), false, Fault, cancel).ConfigureAwait(false);
            if (answer.StatusCode != HttpStatusCode.PartialContent)
            {
                return false;
            }

            ContentRangeHeaderValue? given = answer.Content.Headers.ContentRange;
            RequireSize(answer, given?.Length);
            if (given?.From != at || given?.To != end - 1)
            {
                throw CutawayException.Input($"{HostOf(answer)} gives the bytes '{given}' of {blob.Path}; {at}-{end - 1} were asked for. Check HF_ENDPOINT");
            }

            try
            {
                await Copy(file, answer, at, end, count => at += count, arrived, cancel).ConfigureAwait(false);
            }
            catch (Exception error) when (HubConnection.IsCut(error) && at > before)
            {
                // A connection that gave something is no failed try: the part goes on where it ended.
            }

            return true;
        }
    }

    private async Task FetchWhole(PartialFile file, Action<long> arrived, CancellationToken cancellation)
    {
        long come = 0;
        await connection.Retry(blob.Address, Attempt, cancellation).ConfigureAwait(false);
        foreach (int part in file.Missing)
        {
            file.Complete(part);
        }

        async Task<bool> Attempt(CancellationToken cancel)
        {
            arrived(-come);
            come = 0;
            using HttpResponseMessage answer = await connection.Send(HttpMethod.Get, blob.Address, null, false, Fault, cancel).ConfigureAwait(false);
            RequireSize(answer, answer.Content.Headers.ContentLength);
            await Copy(file, answer, 0, blob.Size, count => come += count, arrived, cancel).ConfigureAwait(false);
            return true;
        }
    }

    private CutawayException Fault(HttpResponseMessage answer) => HubFault.Of(answer, revision.Id, blob.Path, settings);

    private static string? HostOf(HttpResponseMessage answer) => answer.RequestMessage?.RequestUri?.Host;

    private void RequireSize(HttpResponseMessage answer, long? size)
    {
        if (size is { } given && given != blob.Size)
        {
            throw CutawayException.Input($"{HostOf(answer)} gives {given} bytes of {blob.Path}; the hub announced {blob.Size}. Pull again, or check HF_ENDPOINT");
        }
    }

    private async Task Copy(PartialFile file, HttpResponseMessage answer, long at, long end, Action<int> came, Action<long> arrived, CancellationToken cancellation)
    {
        using Stream body = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        byte[] buffer = new byte[1 << 16];
        while (at < end)
        {
            int wanted = (int)Math.Min(buffer.Length, end - at);
            int count = await connection.InTime(patience => body.ReadAsync(buffer.AsMemory(0, wanted), patience).AsTask(), cancellation).ConfigureAwait(false);
            if (count == 0)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded, $"{blob.Path} ended {end - at} bytes early");
            }

            file.Write(buffer.AsSpan(0, count), at);
            at += count;
            came(count);
            arrived(count);
        }
    }
}
