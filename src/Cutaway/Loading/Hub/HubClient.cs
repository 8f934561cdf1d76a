using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cutaway.Loading.Hub;

/// <summary>Asks the hub what a repository holds.</summary>
internal sealed partial class HubClient(HubSettings settings, HubConnection connection)
{
    private const int LongestListing = 64 << 20;
    private const int MostFiles = 100_000;

    /// <summary>The commit and the files of a revision.</summary>
    /// <exception cref="CutawayException">There is no such repository or revision, it may not be read, or the answer makes no sense.</exception>
    public async Task<HubRevision> Describe(string id, string revision, CancellationToken cancellation)
    {
        Uri address = new(settings.Endpoint, $"api/models/{id}/revision/{Uri.EscapeDataString(revision)}?blobs=true");
        byte[] json = await connection.Retry(address, Fetch, cancellation).ConfigureAwait(false);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            string? commit = document.RootElement.GetProperty("sha").GetString();
            HubFile[] files = [.. document.RootElement.GetProperty("siblings").EnumerateArray().Take(MostFiles).Select(File)];
            return commit is not null && CommitPattern().IsMatch(commit)
                ? new HubRevision(id, revision, commit, files)
                : throw Nonsense($"its commit is '{commit}'");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Nonsense(error.Message);
        }

        async Task<byte[]> Fetch(CancellationToken cancel)
        {
            using HttpResponseMessage answer = await connection.Send(HttpMethod.Get, address, null, false, answer => HubFault.Of(answer, id, revision, settings), cancel).ConfigureAwait(false);
            using Stream body = await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            return await ReadAll(body, cancel).ConfigureAwait(false);
        }

        CutawayException Nonsense(string why) => CutawayException.Input($"{settings.Endpoint.Host} does not answer as a hub does when asked for '{id}': {why}. Check HF_ENDPOINT");
    }

    /// <summary>Size and checksum of a file.</summary>
    /// <exception cref="CutawayException">The file is not there, or the hub does not say how large it is.</exception>
    public async Task<HubBlob> Find(HubRevision revision, HubFile file, CancellationToken cancellation)
    {
        string path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        Uri address = new(settings.Endpoint, $"{revision.Id}/resolve/{revision.Commit}/{path}");
        return await connection.Retry(address, Ask, cancellation).ConfigureAwait(false);

        async Task<HubBlob> Ask(CancellationToken cancel)
        {
            using HttpResponseMessage answer = await connection.Send(HttpMethod.Head, address, null, true, answer => HubFault.Of(answer, revision.Id, file.Path, settings), cancel).ConfigureAwait(false);
            string? tag = HubFault.Header(answer, "X-Linked-Etag") ?? HubFault.Header(answer, "ETag");
            string blob = (tag ?? "").Replace("W/", "", StringComparison.Ordinal).Trim('"');
            long? size = long.TryParse(HubFault.Header(answer, "X-Linked-Size"), out long linked) ? linked : answer.IsSuccessStatusCode ? answer.Content.Headers.ContentLength : file.Size;
            if (!BlobPattern().IsMatch(blob))
            {
                throw CutawayException.Input($"{settings.Endpoint.Host} names no checksum of {file.Path} that could be a file's name (its tag is '{tag}'); check HF_ENDPOINT");
            }

            return size is >= 0
                ? new HubBlob(file.Path, blob, size.Value, address)
                : throw CutawayException.Input($"{settings.Endpoint.Host} does not say how large {file.Path} is; check HF_ENDPOINT");
        }
    }

    private async Task<byte[]> ReadAll(Stream body, CancellationToken cancellation)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[1 << 16];
        while (await connection.InTime(patience => body.ReadAsync(buffer, patience).AsTask(), cancellation).ConfigureAwait(false) is > 0 and int count)
        {
            all.Write(buffer, 0, count);
            if (all.Length > LongestListing)
            {
                throw CutawayException.Input($"{settings.Endpoint.Host} lists more than {LongestListing >> 20} MB of files; check the repository and HF_ENDPOINT");
            }
        }

        return all.ToArray();
    }

    // A path becomes a file below the cache, so it must not lead out of it.
    private static HubFile File(JsonElement sibling)
    {
        string path = sibling.GetProperty("rfilename").GetString() ?? "";
        bool safe = path.Length > 0 && path.Split('/').All(part => part.Length > 0 && part is not ("." or "..")) && !path.Any(letter => letter is '\\' or ':' || char.IsControl(letter));
        return safe
            ? new HubFile(path, sibling.TryGetProperty("size", out JsonElement size) && size.TryGetInt64(out long bytes) ? bytes : null)
            : throw new FormatException($"the file name '{path}' leads out of the repository");
    }

    [GeneratedRegex(@"^[0-9a-f]{7,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex CommitPattern();

    [GeneratedRegex(@"^[0-9A-Za-z][\w-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex BlobPattern();
}
