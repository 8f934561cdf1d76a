namespace Cutaway.Loading;

public sealed class HubCacheTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_folder_follows_the_hub_clients_variables_in_their_order()
    {
        Dictionary<string, string> set = new() { ["XDG_CACHE_HOME"] = "/x" };
        Assert.Equal(Path.Combine("/x", "huggingface", "hub"), HubCache.FolderIn(set.GetValueOrDefault));
        set["HF_HOME"] = "/h";
        Assert.Equal(Path.Combine("/h", "hub"), HubCache.FolderIn(set.GetValueOrDefault));
        set["HF_HUB_CACHE"] = "/c";
        Assert.Equal("/c", HubCache.FolderIn(set.GetValueOrDefault));
        set["HF_HUB_CACHE"] = "";
        Assert.Equal(Path.Combine("/h", "hub"), HubCache.FolderIn(set.GetValueOrDefault));
        Assert.EndsWith(Path.Combine(".cache", "huggingface", "hub"), HubCache.FolderIn(_ => null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("owner/name")]
    [InlineData("owner/name@main")]
    [InlineData("owner/name@v1.0")]
    [InlineData("owner/name@" + Commit)]
    public void A_revision_is_a_branch_a_tag_or_a_commit(string name)
    {
        string snapshot = Add("owner/name", "main");
        File.WriteAllText(Path.Combine(folder, "models--owner--name", "refs", "v1.0"), Commit + "\n");
        Assert.Equal(snapshot, new HubCache(folder).Find(name));
    }

    [Fact]
    public void A_model_without_owner_is_found_too() => Assert.Equal(Add("gpt2", "main"), new HubCache(folder).Find("gpt2"));

    [Fact]
    public void What_is_not_in_the_cache_is_not_found()
    {
        Add("owner/name", "main");
        HubCache cache = new(folder);
        Assert.Null(cache.Find("owner/other"));
        Assert.Null(new HubCache(Path.Combine(folder, "gone")).Find("owner/name"));
        CutawayException error = Assert.Throws<CutawayException>(() => cache.Find("owner/name@v2"));
        Assert.Equal(FaultKind.Input, error.Kind);
        Assert.Contains("'v2'", error.Message, StringComparison.Ordinal);
        Assert.Contains("there are " + Commit + ", main", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("/etc/passwd")]
    [InlineData("a\n")]
    [InlineData("")]
    public void A_reference_cannot_lead_out_of_the_cache(string reference)
    {
        Add("owner/name", "main");
        File.WriteAllText(Path.Combine(folder, "models--owner--name", "refs", "main"), reference);
        Assert.Throws<CutawayException>(() => new HubCache(folder).Find("owner/name"));
    }

    [Theory]
    [InlineData("owner/name", true)]
    [InlineData("gpt2", true)]
    [InlineData("HuggingFaceTB/SmolLM2-135M_x.1@main", true)]
    [InlineData("owner/name@refs/pr/1", false)]
    [InlineData("a/b/c", false)]
    [InlineData("../name", false)]
    [InlineData("owner/..", false)]
    [InlineData("owner/a..b", false)]
    [InlineData("owner/a--b", false)]
    [InlineData("two words", false)]
    [InlineData("", false)]
    public void Ids_have_a_form(string name, bool expected) => Assert.Equal(expected, HubCache.IsId(name));

    [Fact]
    public void Only_repositories_with_a_model_are_listed()
    {
        Assert.Empty(new HubCache(Path.Combine(folder, "gone")).Models());
        string snapshot = Add("owner/name", "main");
        Add("owner/empty", "main");
        Directory.CreateDirectory(Path.Combine(folder, "models--broken"));
        Directory.CreateDirectory(Path.Combine(folder, "datasets--owner--data"));
        File.WriteAllText(Path.Combine(snapshot, "config.json"), "{}");
        Assert.Equal([new CachedModel("owner/name", "main", snapshot)], new HubCache(folder).Models());
    }

    private string Add(string id, string reference)
    {
        string repository = Path.Combine(folder, "models--" + id.Replace("/", "--", StringComparison.Ordinal));
        Directory.CreateDirectory(Path.Combine(repository, "refs"));
        File.WriteAllText(Path.Combine(repository, "refs", reference), Commit);
        return Directory.CreateDirectory(Path.Combine(repository, "snapshots", Commit)).FullName;
    }
}
