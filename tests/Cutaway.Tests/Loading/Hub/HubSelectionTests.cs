using System.Text;

namespace Cutaway.Loading.Hub;

public sealed class HubSelectionTests
{
    private const string Index = """{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors","c":"model-00001-of-00002.safetensors"}}""";

    [Theory]
    [InlineData("model.safetensors", "model.safetensors pytorch_model.bin tf_model.h5 model.gguf")]
    [InlineData("weights.safetensors", "weights.safetensors pytorch_model.bin")]
    [InlineData("pytorch_model.bin", "pytorch_model.bin adapters/model.safetensors")]
    [InlineData("q8.gguf", "q8.gguf README.md")]
    public void The_weights_are_safetensors_else_a_pickle_else_the_only_gguf(string expected, string files)
    {
        HubRevision revision = Repository(files);
        Assert.Null(HubSelection.IndexOf(revision, []));
        Assert.Equal([expected], HubSelection.Weights(revision, [], null).Select(file => file.Path));
    }

    [Fact]
    public void Shards_are_those_the_index_names()
    {
        HubRevision revision = Repository("model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json pytorch_model.bin");
        Assert.Equal("model.safetensors.index.json", HubSelection.IndexOf(revision, [])?.Path);
        Assert.Equal(
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            HubSelection.Weights(revision, [], Encoding.UTF8.GetBytes(Index)).Select(file => file.Path));
    }

    [Fact]
    public void A_shard_that_is_not_there_is_named()
    {
        HubRevision revision = Repository("model-00001-of-00002.safetensors model.safetensors.index.json");
        CutawayException error = Assert.Throws<CutawayException>(() => HubSelection.Weights(revision, [], Encoding.UTF8.GetBytes(Index)));
        Assert.Contains("'model-00002-of-00002.safetensors'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_gguf_files_are_the_user_s_choice()
    {
        HubRevision revision = Repository("a-Q4.gguf a-Q8.gguf");
        CutawayException error = Assert.Throws<CutawayException>(() => HubSelection.Weights(revision, [], null));
        Assert.Contains("choose with --include: a-Q4.gguf (7 B), a-Q8.gguf (7 B)", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a-Q8.gguf"], HubSelection.Weights(revision, ["*Q8*"], null).Select(file => file.Path));
        Assert.Contains("matches '*Q5*'", Assert.Throws<CutawayException>(() => HubSelection.Weights(revision, ["*Q5*"], null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repository_without_weights_says_what_it_holds()
    {
        CutawayException error = Assert.Throws<CutawayException>(() => HubSelection.Weights(Repository("config.json tf_model.h5"), [], null));
        Assert.Contains("tf_model.h5", error.Message, StringComparison.Ordinal);
    }

    private static HubRevision Repository(string files) => new("owner/name", "main", TestHub.Commit, [.. files.Split(' ').Select(path => new HubFile(path, 7))]);
}
