using System.Net.Sockets;
using System.Text;

namespace Cutaway.Loading.Hub;

/// <summary>What the hub says before anything is fetched: refusals, redirects, names of files.</summary>
public sealed class HubAnswerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;
    private readonly TestHub hub = new();

    public HubAnswerTests() => hub.Files["model.safetensors"] = "weights"u8.ToArray();

    public void Dispose()
    {
        hub.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(null, "401 Unauthorized", "X-Error-Code: GatedRepo\r\n", "is gated (401): accept its conditions at")]
    [InlineData("hf_x", "403 Forbidden", "X-Error-Code: GatedRepo\r\n", "the account of your token has no access")]
    [InlineData(null, "401 Unauthorized", "", "there is no such repository, or it is private. Check the spelling, or set HF_TOKEN")]
    [InlineData("hf_x", "401 Unauthorized", "", "does not accept the token")]
    [InlineData("hf_x", "403 Forbidden", "", "it may not read this repository")]
    [InlineData(null, "404 Not Found", "X-Error-Code: RepoNotFound\r\n", "check the spelling of owner and name")]
    [InlineData(null, "404 Not Found", "X-Error-Code: RevisionNotFound\r\n", "has no revision 'main' (404)")]
    [InlineData(null, "429 Too Many Requests", "", "too many requests from here (429); wait some minutes, or set HF_TOKEN")]
    [InlineData(null, "502 Bad Gateway", "", "is out of order (502)")]
    [InlineData(null, "418 Teapot", "", "answered 418")]
    public async Task Refusals_are_told_apart_with_what_to_do(string? token, string status, string headers, string expected)
    {
        hub.Misbehave = (_, stream) => Say(stream, status, headers);
        Assert.Contains(expected, (await Fault(hub.Settings(folder) with { Token = token, Attempts = 2 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_is_busy_for_a_while_is_asked_again()
    {
        int asked = 0;
        hub.Misbehave = (_, stream) => Interlocked.Increment(ref asked) < 4 && Say(stream, "503 Service Unavailable", "");
        await Pull(hub.Settings(folder));
        Assert.True(asked > 4);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_to_nobody_it_leads_to()
    {
        using TestHub elsewhere = new();
        elsewhere.Files["model.safetensors"] = hub.Files["model.safetensors"];
        hub.Misbehave = (request, stream) => request.Method == "GET" && request.Path.Contains("/resolve/", StringComparison.Ordinal)
            && Say(stream, "302 Found", $"Location: {new Uri(elsewhere.Address, request.Path)}\r\n");
        await Pull(hub.Settings(folder) with { Token = "hf_secret" });
        Assert.All(hub.Snapshot(), request => Assert.Equal("Bearer hf_secret", request.Headers["Authorization"]));
        TestHub.Request led = Assert.Single(elsewhere.Snapshot());
        Assert.DoesNotContain("Authorization", led.Headers.Keys);
    }

    [Fact]
    public async Task A_renamed_repository_is_followed_and_a_file_s_description_is_not_asked_of_another_host()
    {
        byte[] content = hub.Files["model.safetensors"];
        hub.Misbehave = (request, stream) => request.Method == "HEAD"
            && Say(stream, "302 Found", $"Location: http://127.0.0.1:1/gone\r\nX-Linked-Etag: \"{TestHub.BlobOf(content)}\"\r\nX-Linked-Size: {content.Length}\r\n");
        CachedModel model = await Pull(hub.Settings(folder));
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(model.Folder, "model.safetensors")));
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        hub.Misbehave = (request, stream) => Say(stream, "307 Temporary Redirect", $"Location: {request.Path}\r\n");
        Assert.Contains("leads in circles", (await Fault(hub.Settings(folder))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_to_a_file_is_not_followed()
    {
        hub.Misbehave = (_, stream) => Say(stream, "302 Found", "Location: file:///etc/passwd\r\n");
        Assert.Contains("which is not followed", (await Fault(hub.Settings(folder))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("a/../../model.safetensors")]
    [InlineData("c:model.safetensors")]
    [InlineData("a\\..\\model.safetensors")]
    public async Task A_file_name_cannot_lead_out_of_the_cache(string path)
    {
        hub.Files[path] = "x"u8.ToArray();
        Assert.Contains("leads out of the repository", (await Fault(hub.Settings(folder))).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"sha":"../../x","siblings":[]}""")]
    [InlineData("""{"sha":"0123456789abcdef","siblings":[{"size":1}]}""")]
    public async Task An_answer_without_sense_is_named_as_such(string json)
    {
        byte[] body = Encoding.UTF8.GetBytes(json);
        hub.Misbehave = (_, stream) =>
        {
            TestHub.Answer(stream, "200 OK", $"Content-Length: {body.Length}\r\n", body);
            return true;
        };
        Assert.Contains("does not answer as a hub does", (await Fault(hub.Settings(folder))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ETag: \"../../x\"\r\nContent-Length: 7\r\n", "names no checksum of model.safetensors")]
    [InlineData("Content-Length: 7\r\n", "names no checksum of model.safetensors")]
    public async Task A_tag_that_is_no_checksum_does_not_become_a_file(string headers, string expected)
    {
        hub.Misbehave = (request, stream) =>
        {
            if (request.Method == "HEAD")
            {
                TestHub.Answer(stream, "200 OK", headers, []);
            }

            return request.Method == "HEAD";
        };
        Assert.Contains(expected, (await Fault(hub.Settings(folder))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_small_a_disk_is_found_out_before_anything_is_fetched()
    {
        CutawayException error = await Fault(hub.Settings(folder) with { FreeBytes = _ => 1000 });
        Assert.Contains("1 KB free; make room, or set HF_HOME", error.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Downloads);
    }

    [Fact]
    public async Task Nobody_listening_is_said_with_the_host()
    {
        HubSettings settings = hub.Settings(folder) with { Endpoint = new Uri("http://127.0.0.1:1/"), Attempts = 2 };
        Assert.Contains("127.0.0.1 cannot be reached", (await Fault(settings)).Message, StringComparison.Ordinal);
        Assert.Contains("HF_HUB_OFFLINE is set", (await Fault(settings with { Offline = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_come_from_the_variables_that_the_hub_s_own_tools_read()
    {
        File.WriteAllText(Path.Combine(folder, "token"), " hf_file\n");
        Dictionary<string, string> set = new() { ["HF_HOME"] = folder };
        HubSettings settings = HubSettings.From(set.GetValueOrDefault);
        Assert.Equal("https://huggingface.co/", settings.Endpoint.ToString());
        Assert.Equal("hf_file", settings.Token);
        Assert.Equal(Path.Combine(folder, "hub"), settings.Cache.Folder);
        Assert.False(settings.Offline);
        set["HF_TOKEN"] = "hf_set";
        set["HF_ENDPOINT"] = "http://mirror.example/hub";
        set["HF_HUB_OFFLINE"] = "1";
        settings = HubSettings.From(set.GetValueOrDefault);
        Assert.Equal("hf_set", settings.Token);
        Assert.Equal("http://mirror.example/hub/api", new Uri(settings.Endpoint, "api").ToString());
        Assert.True(settings.Offline);
        set["HF_TOKEN"] = "two words";
        Assert.Throws<CutawayException>(() => HubSettings.From(set.GetValueOrDefault));
        set["HF_TOKEN"] = "hf_set";
        set["HF_ENDPOINT"] = "mirror";
        Assert.Throws<CutawayException>(() => HubSettings.From(set.GetValueOrDefault));
    }

    private static bool Say(NetworkStream stream, string status, string headers)
    {
        TestHub.Answer(stream, status, headers);
        return true;
    }

    private static Task<CachedModel> Pull(HubSettings settings) => new ModelHub(settings).Pull(TestHub.Id);

    private static Task<CutawayException> Fault(HubSettings settings) => Assert.ThrowsAsync<CutawayException>(() => Pull(settings));
}
