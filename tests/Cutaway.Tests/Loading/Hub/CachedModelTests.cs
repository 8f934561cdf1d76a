namespace Cutaway.Loading.Hub;

/// <summary>What can be done with models that were pulled: check them, and take them out again.</summary>
public sealed class CachedModelTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;
    private readonly TestHub hub = new();

    public CachedModelTests()
    {
        hub.Files["config.json"] = "{}"u8.ToArray();
        hub.Files["model.safetensors"] = new byte[5000];
    }

    private HubCache Cache => new(folder);

    public void Dispose()
    {
        hub.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_changed_byte_and_a_missing_content_are_found()
    {
        await Pull();
        Assert.All(Cache.Verify(TestHub.Id), pair => Assert.Equal(FileState.Intact, pair.State));
        string blob = Path.Combine(folder, "models--owner--name", "blobs", TestHub.BlobOf(hub.Files["model.safetensors"]));
        await File.WriteAllBytesAsync(blob, [.. new byte[4999], 1]);
        Assert.Equal([FileState.Intact, FileState.Damaged], Cache.Verify(TestHub.Id).Select(pair => pair.State));
        File.Delete(blob);
        Assert.Equal([FileState.Intact, FileState.Missing], Cache.Verify(TestHub.Id).Select(pair => pair.State));
    }

    [Fact]
    public async Task Removing_a_model_leaves_nothing_of_it_and_everything_else()
    {
        await Pull();
        string other = Directory.CreateDirectory(Path.Combine(folder, "models--owner--other")).FullName;
        Removal removal = Cache.PlanRemoval(TestHub.Id);
        Assert.Equal(5002, removal.Bytes);
        removal.Run();
        Assert.Equal([Path.Combine(folder, ".locks"), other], Directory.GetFileSystemEntries(folder).Order());
        Assert.Throws<CutawayException>(() => Cache.PlanRemoval(TestHub.Id));
    }

    [Fact]
    public async Task Removing_a_revision_keeps_what_another_uses()
    {
        await Pull();
        CachedRepository repository = Cache.Repository(TestHub.Id);
        const string Later = "fedcba98765432100123456789abcdef01234567";
        repository.Point(Later, "config.json", TestHub.BlobOf(hub.Files["config.json"]));
        repository.Name("later", Later);
        Removal removal = Cache.PlanRemoval(TestHub.Id + "@main");
        Assert.Equal(5000, removal.Bytes);
        removal.Run();
        Assert.Equal("{}", await File.ReadAllTextAsync(repository.Link(Later, "config.json")));
        Assert.Throws<CutawayException>(() => Cache.Files(TestHub.Id));
        Assert.Single(Cache.Files(TestHub.Id + "@later"));
    }

    private Task<CachedModel> Pull() => new ModelHub(hub.Settings(folder)).Pull(TestHub.Id);
}
