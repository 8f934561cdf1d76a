using System.Collections.Concurrent;
using System.Text;

namespace Cutaway.Loading.Hub;

/// <summary>Pulls from a hub that behaves, and from one that does not.</summary>
public sealed class ModelHubTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;
    private readonly TestHub hub = new();
    private readonly byte[] weights = new byte[50_000];

    public ModelHubTests()
    {
        new Random(7).NextBytes(weights);
        hub.Files["config.json"] = "{}"u8.ToArray();
        hub.Files["tokenizer.json"] = Encoding.ASCII.GetBytes(new string(' ', 2000));
        hub.Files["model.safetensors"] = weights;
        hub.Files["README.md"] = "not needed"u8.ToArray();
        hub.Files["pytorch_model.bin"] = "not needed either"u8.ToArray();
        hub.Files["onnx/model.onnx"] = "nor this"u8.ToArray();
    }

    private string Repository => Path.Combine(folder, "models--owner--name");

    private string Blob => Path.Combine(Repository, "blobs", TestHub.BlobOf(weights));

    public void Dispose()
    {
        hub.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_pulled_model_lies_where_huggingface_hub_would_put_it()
    {
        CachedModel model = await Pull();
        Assert.Equal(Path.Combine(Repository, "snapshots", TestHub.Commit), model.Folder);
        Assert.Equal(TestHub.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main")));
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], Directory.GetFiles(model.Folder).Select(Path.GetFileName).Order());
        FileInfo link = new(Path.Combine(model.Folder, "model.safetensors"));
        Assert.Equal($"../../blobs/{TestHub.BlobOf(weights)}", link.LinkTarget);
        Assert.Equal(weights, await File.ReadAllBytesAsync(link.FullName));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(Repository, "blobs")).Length);
        Assert.Equal(model.Folder, new HubCache(folder).Find("owner/name"));
        Assert.True(hub.Downloads.Count(request => request.Range is not null) > 12, "50,000 bytes in parts of 4096 are 13 requests");
    }

    [Fact]
    public async Task What_is_there_is_not_fetched_again()
    {
        await Pull();
        int before = hub.Downloads.Count();
        await Pull();
        Assert.Equal(before, hub.Downloads.Count());
    }

    [Fact]
    public async Task Two_pulls_at_once_fetch_every_part_once()
    {
        CachedModel[] models = await Task.WhenAll(Task.Run(Pull), Task.Run(Pull));
        Assert.Equal(models[0], models[1]);
        Assert.Equal(weights, await File.ReadAllBytesAsync(Blob));
        Assert.Equal(13, hub.Downloads.Count(request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Connections_that_break_off_are_taken_up_where_they_ended()
    {
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method != "GET" || !request.Path.Contains("/resolve/", StringComparison.Ordinal))
            {
                return false;
            }

            TestHub.Give(request, stream, hub.ContentOf(request), atMost: 1500);
            return true;
        };
        CachedModel model = await Pull();
        Assert.Equal(weights, await File.ReadAllBytesAsync(Path.Combine(model.Folder, "model.safetensors")));
    }

    [Fact]
    public async Task A_pull_that_was_cut_off_goes_on_with_the_parts_that_are_missing()
    {
        int given = 0;
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method != "GET" || !request.Path.EndsWith("model.safetensors", StringComparison.Ordinal))
            {
                return false;
            }

            if (Interlocked.Increment(ref given) > 5)
            {
                TestHub.Answer(stream, "503 Service Unavailable");
                return true;
            }

            return false;
        };
        CutawayException error = await Assert.ThrowsAsync<CutawayException>(Pull);
        Assert.Contains("503", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Blob));
        Assert.False(File.Exists(Path.Combine(Repository, "refs", "main")));

        int before = hub.Downloads.Count();
        hub.Misbehave = null;
        await Pull();
        Assert.Equal(weights, await File.ReadAllBytesAsync(Blob));
        Assert.Equal(13 - 5, hub.Downloads.Count() - before);
        Assert.Empty(Directory.GetFiles(Path.Combine(Repository, "blobs"), "*.cutaway"));
    }

    [Fact]
    public async Task A_cancelled_pull_leaves_no_name_and_keeps_what_came()
    {
        using CancellationTokenSource cancel = new();
        ConcurrentBag<double> shares = [];
        Progress progress = new((_, share) =>
        {
            shares.Add(share);
            if (share > 0.5)
            {
                cancel.Cancel();
            }
        }, cancel.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ModelHub(hub.Settings(folder)).Pull(TestHub.Id, progress: progress));
        Assert.All(shares, share => Assert.InRange(share, 0, 1));
        Assert.False(File.Exists(Path.Combine(Repository, "refs", "main")));
        await Pull();
        Assert.Equal(weights, await File.ReadAllBytesAsync(Blob));
    }

    [Fact]
    public async Task A_host_without_ranges_gives_the_whole_file_also_at_the_second_try()
    {
        int tries = 0;
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method != "GET" || !request.Path.EndsWith("model.safetensors", StringComparison.Ordinal))
            {
                return false;
            }

            TestHub.Give(request, stream, weights, atMost: Interlocked.Increment(ref tries) == 2 ? 20_000 : int.MaxValue, ranges: false);
            return true;
        };
        await Pull();
        Assert.Equal(weights, await File.ReadAllBytesAsync(Blob));
        Assert.Equal(3, tries);
    }

    [Fact]
    public async Task A_throttled_host_is_waited_for_as_long_as_it_gives_something()
    {
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method != "GET" || !request.Path.EndsWith("config.json", StringComparison.Ordinal))
            {
                return false;
            }

            stream.Write("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 0-1/2\r\nConnection: close\r\n\r\n{"u8);
            Thread.Sleep(300);
            stream.Write("}"u8);
            return true;
        };
        CachedModel model = await Pull();
        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(model.Folder, "config.json")));
    }

    [Fact]
    public async Task A_host_that_falls_silent_is_given_up_with_advice()
    {
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method != "GET" || !request.Path.EndsWith("config.json", StringComparison.Ordinal))
            {
                return false;
            }

            Thread.Sleep(400);
            return true;
        };
        CutawayException error = await Fault(hub.Settings(folder) with { Patience = TimeSpan.FromMilliseconds(60), Attempts = 2 });
        Assert.Contains("cannot be reached or broke off", error.Message, StringComparison.Ordinal);
        Assert.Contains("what has come is kept", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_what_was_announced_is_refused_and_not_kept()
    {
        byte[] other = [.. weights];
        other[30_000] ^= 1;
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method != "GET" || !request.Path.EndsWith("model.safetensors", StringComparison.Ordinal))
            {
                return false;
            }

            TestHub.Give(request, stream, other);
            return true;
        };
        CutawayException error = await Fault();
        Assert.Contains("model.safetensors of 'owner/name' arrived damaged", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Blob));
        Assert.False(File.Exists(Blob + ".cutaway"));
    }

    [Theory]
    [InlineData("206 Partial Content", "Content-Range: bytes 0-4095/60000\r\nContent-Length: 4096\r\n", "60000 bytes of model.safetensors; the hub announced 50000")]
    [InlineData("206 Partial Content", "Content-Range: bytes 5-4100/50000\r\nContent-Length: 4096\r\n", "0-4095 were asked for")]
    [InlineData("206 Partial Content", "Content-Length: 4096\r\n", "0-4095 were asked for")]
    [InlineData("200 OK", "Content-Length: 49000\r\n", "49000 bytes of model.safetensors; the hub announced 50000")]
    [InlineData("416 Range Not Satisfiable", "Content-Length: 0\r\n", "answered 416")]
    public async Task A_host_that_lies_about_lengths_is_found_out(string status, string headers, string expected)
    {
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method != "GET" || !request.Path.EndsWith("model.safetensors", StringComparison.Ordinal))
            {
                return false;
            }

            TestHub.Answer(stream, status, headers, new byte[4096]);
            return true;
        };
        Assert.Contains(expected, (await Fault()).Message, StringComparison.Ordinal);
    }

    private Task<CachedModel> Pull() => new ModelHub(hub.Settings(folder)).Pull(TestHub.Id);

    private Task<CutawayException> Fault(HubSettings? settings = null) =>
        Assert.ThrowsAsync<CutawayException>(() => new ModelHub(settings ?? hub.Settings(folder)).Pull(TestHub.Id));
}
