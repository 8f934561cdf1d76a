namespace Cutaway.Models.Formats;

public sealed class WeightHashTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_depends_on_names_types_shapes_and_values_and_on_nothing_else()
    {
        float[] values = [1, 2, 3, 4];
        string hash = Hash(OutputTensor.Create("a", [2, 2], values), OutputTensor.Create("b", [1], new[] { 5f }));
        Assert.Equal(32, hash.Length);
        Assert.Equal(hash, Hash(OutputTensor.Create("b", [1], new[] { 5f }), OutputTensor.Create("a", [2, 2], values)));
        string[] others =
        [
            Hash(OutputTensor.Create("a", [2, 2], new[] { 1f, 2, 3, 5 }), OutputTensor.Create("b", [1], new[] { 5f })),
            Hash(OutputTensor.Create("a", [4, 1], values), OutputTensor.Create("b", [1], new[] { 5f })),
            Hash(OutputTensor.Create("a", [2, 2], new[] { 1, 2, 3, 4 }), OutputTensor.Create("b", [1], new[] { 5f })),
            Hash(OutputTensor.Create("c", [2, 2], values), OutputTensor.Create("b", [1], new[] { 5f })),
            Hash(OutputTensor.Create("a", [2, 2], values)),
        ];
        Assert.Equal(others.Length + 1, others.Append(hash).Distinct().Count());
    }

    [Fact]
    public void Shards_hash_as_the_single_file_does()
    {
        OutputTensor a = OutputTensor.Create("a", [2], new[] { 1f, 2 });
        OutputTensor b = OutputTensor.Create("b", [1], new[] { 3f });
        string whole = Hash(a, b);
        SafetensorsWriter.Write(folder["one.safetensors"], [a]);
        SafetensorsWriter.Write(folder["two.safetensors"], [b]);
        folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");
        Assert.Equal(whole, WeightHash.Of(Checkpoint.Open(folder.Path)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999_999)]
    public void Both_ends_of_a_large_tensor_count(int changed)
    {
        float[] values = new float[1_000_000];
        string before = Hash(OutputTensor.Create("a", [1000, 1000], values));
        values[changed] = 1;
        Assert.NotEqual(before, Hash(OutputTensor.Create("a", [1000, 1000], values)));
    }

    private string Hash(params OutputTensor[] tensors)
    {
        string path = folder[$"{Guid.NewGuid():N}.bin"];
        SafetensorsWriter.Write(path, tensors);
        return WeightHash.Of(SafetensorsFile.Open(path));
    }
}
