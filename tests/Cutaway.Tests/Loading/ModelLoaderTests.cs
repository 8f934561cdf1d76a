using Cutaway.Tensors;

namespace Cutaway.Loading;

public sealed class ModelLoaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(" ", FaultKind.Usage, "name is empty")]
    [InlineData("owner/name", FaultKind.Input, "hf download owner/name")]
    [InlineData("owner/name@v1", FaultKind.Input, "hf download owner/name`")]
    [InlineData("wierd", FaultKind.Input, "there is no model 'wierd'")]
    [InlineData("./gone/model.gguf", FaultKind.Input, "there is no model './gone/model.gguf'")]
    public void What_cannot_be_found_says_where_was_looked(string name, FaultKind kind, string expected)
    {
        CutawayException error = Assert.Throws<CutawayException>(() => ModelLoader.Load(name, DType.Float32, new HubCache(folder)));
        Assert.Equal(kind, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.True(kind == FaultKind.Usage || error.Message.Contains(folder, StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_without_a_model_says_what_is_missing()
    {
        CutawayException error = Assert.Throws<CutawayException>(() => ModelLoader.Load(folder, DType.Float32, new HubCache(folder)));
        Assert.Equal(FaultKind.Model, error.Kind);
        Assert.Contains("holds no weights", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_model_is_named()
    {
        string path = Path.Combine(folder, "notes.txt");
        File.WriteAllText(path, "x");
        CutawayException error = Assert.Throws<CutawayException>(() => ModelLoader.Load(path, DType.Float32, new HubCache(folder)));
        Assert.Contains("neither a folder nor a .gguf file", error.Message, StringComparison.Ordinal);
    }
}
