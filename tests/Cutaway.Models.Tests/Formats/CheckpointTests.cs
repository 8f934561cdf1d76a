using System.IO.Compression;
using Cutaway.Models.Formats.Numpy;
using Cutaway.Models.Formats.Pickle;
using Cutaway.Models.Formats.Zip;

namespace Cutaway.Models.Formats;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Shards_are_read_as_one()
    {
        Shard("one.safetensors", "a");
        Shard("two.safetensors", "b", "c");
        Index("""{"metadata":{"total_size":12},"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"}}""");
        ITensorSource source = Checkpoint.Open(folder.Path);
        Assert.Equal(["a", "b", "c"], source.Tensors.Keys.Order());
        Assert.EndsWith("two.safetensors", source.Tensors["c"].Source, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"one.safetensors","b":"gone.safetensors"}}""", "'gone.safetensors', which is not beside it")]
    [InlineData("""{"weight_map":{"b":"one.safetensors"}}""", "places tensor 'b' in 'one.safetensors'")]
    [InlineData("""{"weight_map":{"a":"../one.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map":{"a":"/etc/one.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map":{"a":"C:\\one.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map":{"a":"one.bin"}}""", "same folder")]
    [InlineData("""{"weight_map":{"a":1}}""", "not a text")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","a":"one.safetensors"}}""", "appears twice")]
    [InlineData("""{"weight_map":{},"weight_map":{}}""", "'weight_map' twice")]
    [InlineData("""{"weight_map":{}}""", "missing or empty")]
    [InlineData("""{"weight_map":[]}""", "not an object")]
    [InlineData("""{}""", "missing or empty")]
    [InlineData("""3""", "not a JSON object")]
    [InlineData("""{"weight_map":""", "not valid JSON")]
    public void A_broken_index_is_named(string index, string expected)
    {
        Shard("one.safetensors", "a");
        Index(index);
        CutawayException error = Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path));
        Assert.Equal(FaultKind.Model, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_single_file_is_found_under_any_name_but_not_guessed_among_several()
    {
        Shard("adapter.safetensors", "a");
        Assert.Equal(["a"], Checkpoint.Open(folder.Path).Tensors.Keys);
        Shard("other.safetensors", "b");
        Assert.Contains("2 files that may be its weights", Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
        Shard("model.safetensors", "m");
        Assert.Equal(["m"], Checkpoint.Open(folder.Path).Tensors.Keys);
    }

    [Fact]
    public void A_folder_without_weights_says_what_is_missing()
    {
        Assert.Contains("model.safetensors", Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
        folder.Write("optimizer.pt", "x");
        Assert.Contains("holds no weights", Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Equal(FaultKind.Input, Assert.Throws<CutawayException>(() => Checkpoint.Open(folder["gone"])).Kind);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"}}""", "'b', but the index places it in 'two.safetensors'")]
    [InlineData("""{"weight_map":{"a":"one.safetensors"}}""", "'b', but the index does not name it")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}}""", "'b', but the index places it in 'one.safetensors'")]
    public void A_tensor_that_is_in_two_shards_or_in_no_index_is_named(string index, string expected)
    {
        Shard("one.safetensors", "a", "b");
        Shard("two.safetensors", "b", "c");
        Index(index);
        Assert.Contains(expected, Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_of_pytorch_are_read_as_one()
    {
        folder.Write("pytorch_model-1.bin", Pickle("a"));
        folder.Write("pytorch_model-2.bin", Pickle("b"));
        folder.Write("pytorch_model.bin.index.json", """{"weight_map":{"a":"pytorch_model-1.bin","b":"pytorch_model-2.bin"}}""");
        Assert.Equal(["a", "b"], Checkpoint.Open(folder.Path).Tensors.Keys.Order());
        folder.Write("pytorch_model.bin.index.json", """{"weight_map":{"a":"pytorch_model-2.bin"}}""");
        Assert.Contains("places tensor 'a'", Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
        folder.Write("pytorch_model.bin.index.json", """{"weight_map":{"a":"../pytorch_model-1.bin"}}""");
        Assert.Contains("same folder", Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
        folder.Write("pytorch_model.bin.index.json", """{"weight_map":{"a":"pytorch_model.bin.index.json"}}""");
        Assert.Contains("same folder", Assert.Throws<CutawayException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Safetensors_come_before_pickles_and_pickles_before_what_is_left()
    {
        folder.Write("weights.npz", ZipContentTests.Write(CompressionLevel.NoCompression));
        Assert.IsType<NpzFile>(Checkpoint.Open(folder.Path));
        folder.Write("model.pth", Pickle("a"));
        folder.Write("optimizer.pt", "x");
        folder.Write("training_args.bin", "x");
        Assert.IsType<TorchFile>(Checkpoint.Open(folder.Path));
        folder.Write("consolidated.00.pth", Pickle("a"));
        folder.Write("pytorch_model.bin", Pickle("b"));
        Assert.Equal(["b"], Checkpoint.Open(folder.Path).Tensors.Keys);
        Shard("model.safetensors", "c");
        Assert.Equal(["c"], Checkpoint.Open(folder.Path).Tensors.Keys);
    }

    private static byte[] Pickle(string name) => PickleBuilder.Zip(
        new PickleBuilder().Ops("}").Text(name).Tensor("FloatStorage", "0", 1, 0, [1], [1]).Ops("s").ToArray(), ("m/data/0", new byte[4]));

    private void Shard(string name, params string[] tensors) =>
        SafetensorsWriter.Write(folder[name], tensors.Select(tensor => OutputTensor.Create(tensor, [1], new[] { 1f })));

    private void Index(string json) => folder.Write("model.safetensors.index.json", json);
}
