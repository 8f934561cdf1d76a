using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Loading;

public sealed class ModelLoaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(" ", FaultKind.Usage, "name is empty")]
    [InlineData("owner/name", FaultKind.Input, "cutaway model pull owner/name`")]
    [InlineData("owner/name@v1", FaultKind.Input, "cutaway model pull owner/name@v1`")]
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
        Assert.Contains("neither a folder nor a .gguf file, nor another file of weights", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_tokenizer_runs_on_ids_and_says_why_it_cannot_read_text()
    {
        foreach (string file in new[] { "config.json", "model.safetensors" })
        {
            File.Copy(Path.Combine(Fixtures.Root, "models", "wired", file), Path.Combine(folder, file));
        }

        LanguageModel model = ModelLoader.Load(folder, DType.Float32, new HubCache(folder));
        Assert.Equal(LanguageModel.Load("wired").Run(Prompt.FromIds(0, 2, 3)).LastLogits(), model.Run(Prompt.FromIds(0, 2, 3)).LastLogits());
        Assert.Equal(["<id 2>"], model.TokenTexts([2]));
        CutawayException error = Assert.Throws<CutawayException>(() => model.Run("When Mary"));
        Assert.Contains("tokenizer.json is missing", error.Message, StringComparison.Ordinal);
        Assert.Contains("ids can be given instead", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_without_a_row_in_the_embedding_is_named()
    {
        foreach (string file in new[] { "config.json", "model.safetensors", "tokenizer.json" })
        {
            File.Copy(Path.Combine(Fixtures.Root, "models", "wired", file), Path.Combine(folder, file));
        }

        string path = Path.Combine(folder, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"Today\": 119", "\"Today\": 119, \"extra\": 120", StringComparison.Ordinal));
        LanguageModel model = ModelLoader.Load(folder, DType.Float32, new HubCache(folder));
        Assert.Equal(121, model.Tokenizer.Count);
        Assert.Equal(3, model.Encode("When Mary").Count);
        CutawayException error = Assert.Throws<CutawayException>(() => model.Encode("extra Mary"));
        Assert.Contains("'extra' has the id 120, but the embedding", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_gguf_file_opens_by_its_path_or_its_folders()
    {
        string file = Fixtures.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        LanguageModel model = LanguageModel.Load(file);
        Assert.Equal(30, model.Config.Layers);
        Assert.Equal(model.Hash, LanguageModel.Load(Path.GetDirectoryName(file)!).Hash);
        Assert.Contains("im_start", model.ChatTemplate!, StringComparison.Ordinal);
    }
}
