using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cutaway.Loading.Hub;

/// <summary>A hub on this machine that answers as the real one does, or as badly as a test wants: it writes to the socket itself.</summary>
internal sealed partial class TestHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    public const string Id = "owner/name";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();

    public TestHub()
    {
        listener.Start();
        _ = Task.Run(Serve);
    }

    /// <summary>A request as it came.</summary>
    public sealed record Request(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
    {
        public (long From, long To)? Range => Headers.TryGetValue("Range", out string? range) && RangePattern().Match(range) is { Success: true } match
            ? (long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))
            : null;
    }

    /// <summary>The repository's files; those above 1000 bytes are kept as large ones are.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Requests in the order they came.</summary>
    public List<Request> Requests { get; } = [];

    /// <summary>Answers a request in the hub's place; false lets the hub answer.</summary>
    public Func<Request, NetworkStream, bool>? Misbehave { get; set; }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    public IEnumerable<Request> Downloads => Snapshot().Where(request => request.Method == "GET" && request.Path.Contains("/resolve/", StringComparison.Ordinal));

    public HubSettings Settings(string folder) => new()
    {
        Endpoint = Address,
        Cache = new HubCache(folder),
        PartBytes = 4096,
        FirstPause = TimeSpan.FromMilliseconds(1),
        Patience = TimeSpan.FromSeconds(5),
        FreeBytes = _ => long.MaxValue,
    };

#pragma warning disable CA5350 // Git names contents by SHA-1.
    public static string BlobOf(byte[] content) => content.Length > 1000
        ? Convert.ToHexStringLower(SHA256.HashData(content))
        : Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    public static void Answer(NetworkStream stream, string status, string headers, ReadOnlySpan<byte> body)
    {
        stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n"));
        stream.Write(body);
    }

    public static void Answer(NetworkStream stream, string status, string headers = "") => Answer(stream, status, headers + "Content-Length: 0\r\n", []);

    /// <summary>Answers a download as the hub does, but only with so many bytes of the body.</summary>
    public static void Give(Request request, NetworkStream stream, byte[] content, int atMost = int.MaxValue, bool ranges = true)
    {
        (long from, long to) = ranges && request.Range is { } range ? range : (0, content.Length - 1);
        int count = (int)(to - from + 1);
        string headers = $"Content-Length: {count}\r\n" + (ranges && request.Range is not null ? $"Content-Range: bytes {from}-{to}/{content.Length}\r\n" : "");
        Answer(stream, ranges && request.Range is not null ? "206 Partial Content" : "200 OK", headers, content.AsSpan((int)from, Math.Min(atMost, count)));
    }

    public byte[] ContentOf(Request request) => Files[Uri.UnescapeDataString(request.Path[(request.Path.IndexOf(Commit, StringComparison.Ordinal) + Commit.Length + 1)..])];

    public Request[] Snapshot()
    {
        lock (Requests)
        {
            return [.. Requests];
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
        stop.Dispose();
    }

    private async Task Serve()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = Task.Run(() => Serve(client));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Serve(TcpClient client)
    {
        try
        {
            using (client)
            using (NetworkStream stream = client.GetStream())
            {
                Request request = Read(stream);
                lock (Requests)
                {
                    Requests.Add(request);
                }

                if (Misbehave?.Invoke(request, stream) != true)
                {
                    Respond(request, stream);
                }
            }
        }
        catch (IOException)
        {
            // The client hung up.
        }
    }

    private static Request Read(NetworkStream stream)
    {
        StringBuilder head = new();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int value = stream.ReadByte();
            if (value < 0)
            {
                throw new IOException("the client hung up");
            }

            head.Append((char)value);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        return new Request(first[0], first[1], lines.Skip(1).Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase));
    }

    private void Respond(Request request, NetworkStream stream)
    {
        if (request.Path.StartsWith($"/api/models/{Id}/revision/", StringComparison.Ordinal))
        {
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(new { sha = Commit, siblings = Files.Select(file => new { rfilename = file.Key, size = file.Value.Length }) });
            Answer(stream, "200 OK", $"Content-Length: {json.Length}\r\n", json);
        }
        else if (!request.Path.StartsWith($"/{Id}/resolve/", StringComparison.Ordinal))
        {
            Answer(stream, "404 Not Found", "X-Error-Code: RepoNotFound\r\n");
        }
        else if (request.Method == "HEAD")
        {
            byte[] content = ContentOf(request);
            string blob = BlobOf(content);
            Answer(stream, "200 OK", content.Length > 1000
                ? $"X-Repo-Commit: {Commit}\r\nETag: \"other\"\r\nX-Linked-Etag: \"{blob}\"\r\nX-Linked-Size: {content.Length}\r\nContent-Length: {content.Length}\r\n"
                : $"X-Repo-Commit: {Commit}\r\nETag: W/\"{blob}\"\r\nContent-Length: {content.Length}\r\n", []);
        }
        else
        {
            Give(request, stream, ContentOf(request));
        }
    }

    [GeneratedRegex(@"^bytes=(\d+)-(\d+)$")]
    private static partial Regex RangePattern();
}
