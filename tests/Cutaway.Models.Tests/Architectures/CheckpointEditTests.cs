using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Tensors.Storage;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>Weights put back into the tensors they came from, for every golden family.</summary>
public sealed class CheckpointEditTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Families with reference checkpoints in the repository, and those in the shared folder alone.</summary>
    public static TheoryData<string> Families { get; } =
    [
        .. Directory.GetDirectories(Fixtures.Golden("architectures")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal),
        "bloom", "gpt-neo", "gptj", "opt", "phi", "phi3", "gpt2-pickle-fp16", "mixtral", "qwen3-moe", "gpt-oss", "bert",
    ];

    public void Dispose() => folder.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Unchanged_weights_keep_their_names_types_and_bits(string family)
    {
        Source source = Open(family);
        CheckpointWriter.Write(folder.Path, source.With(source.Read.Weights));
        ITensorSource written = Checkpoint.Open(folder.Path);
        Assert.Equal(source.Tensors.Tensors.Keys.Order(), written.Tensors.Keys.Order());
        Assert.Equal(WeightHash.Of(source.Tensors), WeightHash.Of(written));
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Changed_weights_are_read_back_exactly(string family)
    {
        Source source = Open(family);
        Random random = new(1);
        NetworkWeights changed = source.Read.Weights.Replace(
            matrix => WeightMatrix.FromArray(Array.ConvertAll(matrix.Decode<float>(), Moved), matrix.Rows, matrix.Columns),
            vector => new WeightVector([.. vector.Float64.ToArray().Select(value => (double)Moved((float)value))]));
        if (ReferenceEquals(source.Read.Weights.Embedding, source.Read.Weights.Unembedding.Weight))
        {
            changed = changed with { Unembedding = changed.Unembedding with { Weight = changed.Embedding } };
        }

        CheckpointWriter.Write(folder.Path, source.With(changed), shardBytes: 30_000);
        ITensorSource written = Checkpoint.Open(folder.Path);
        Assert.IsType<ShardedCheckpoint>(written);
        Assert.Equal(source.Tensors.Tensors.Keys.Order(), written.Tensors.Keys.Order());
        (NetworkConfig config, NetworkWeights read) = ArchitectureCatalogue.Read(source.Json, "config.json", written, folder.Path);
        foreach ((NamedWeight expected, NamedWeight found) in NamedWeight.Of(changed).Zip(NamedWeight.Of(read)))
        {
            Assert.Equal(expected.Name, found.Name);
            Assert.Equal(Values(expected), Values(found));
        }

        float Moved(float value) => value + ((random.NextSingle() - 0.5f) / 16);
    }

    [Theory]
    [InlineData("gpt2", "blocks.1.attn.W_K")]
    [InlineData("gpt-neox", "blocks.0.attn.b_V")]
    [InlineData("llama3-gqa-tied", "blocks.1.mlp.W_gate")]
    public void One_changed_weight_leaves_every_other_as_it_was(string family, string name)
    {
        Source source = Open(family);
        object? place = NamedWeight.Of(source.Read.Weights).Single(weight => weight.Name == name).Weight;
        NetworkWeights changed = source.Read.Weights.Replace(
            matrix => ReferenceEquals(matrix, place) ? WeightMatrix.FromArray(new float[matrix.Rows * matrix.Columns], matrix.Rows, matrix.Columns) : matrix,
            vector => ReferenceEquals(vector, place) ? new WeightVector(new double[vector.Length]) : vector);
        CheckpointWriter.Write(folder.Path, source.With(changed));
        ITensorSource written = Checkpoint.Open(folder.Path);
        NetworkWeights read = ArchitectureCatalogue.Read(source.Json, "config.json", written, folder.Path).Weights;
        Assert.All(NamedWeight.Of(source.Read.Weights).Zip(NamedWeight.Of(read)), pair => Assert.Equal(pair.First.Name == name ? new double[pair.First.Length] : Values(pair.First), Values(pair.Second)));

        // Zeros fit any type, so the tensor keeps its own.
        Assert.All(source.Tensors.Tensors.Values, tensor => Assert.Equal(tensor.Type, written.Tensors[tensor.Name].Type));
        Assert.Equal(source.Tensors.Tensors.Count - 1, source.Tensors.Tensors.Values.Count(tensor => tensor.ToDoubles().SequenceEqual(written.Tensors[tensor.Name].ToDoubles())));
    }

    [Fact]
    public void A_tied_embedding_that_is_stored_twice_changes_in_both_places()
    {
        Source source = new(Fixtures.Golden("pickle"));
        WeightMatrix embedding = source.Read.Weights.Embedding;
        WeightMatrix zeros = WeightMatrix.FromArray(new float[embedding.Rows * embedding.Columns], embedding.Rows, embedding.Columns);
        CheckpointWriter.Write(folder.Path, source.With(source.Read.Weights.Replace(matrix => ReferenceEquals(matrix, embedding) ? zeros : matrix, vector => vector)));
        IReadOnlyDictionary<string, StoredTensor> written = Checkpoint.Open(folder.Path).Tensors;
        Assert.All(written["lm_head.weight"].ToDoubles(), value => Assert.Equal(0, value));
        Assert.All(written["transformer.wte.weight"].ToDoubles(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void What_the_checkpoint_has_no_place_for_is_named()
    {
        Source source = Open("llama");
        (NetworkConfig config, NetworkWeights folded) = WeightProcessing.Apply(source.Read.Config, source.Read.Weights, ProcessingSteps.FoldNorms);
        Assert.Contains("fold_ln", Assert.Throws<CutawayException>(() => source.With(folded, config)).Message, StringComparison.Ordinal);
        NetworkWeights biased = source.Read.Weights with { Unembedding = source.Read.Weights.Unembedding with { Bias = new WeightVector(new double[150]) } };
        Assert.Contains("no place for unembed.b_U", Assert.Throws<CutawayException>(() => source.With(biased)).Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void A_written_checkpoint_gives_the_same_logits(string family)
    {
        Source source = Open(family);
        CheckpointWriter.Write(folder.Path, source.With(source.Read.Weights), shardBytes: 20_000);
        folder.Write("config.json", source.Json.ToArray());
        int[][] ids = [[1, 5, 9, 3], [2, 2, 7, 4]];
        Assert.Equal(Logits(new TransformerNetwork(source.Read.Config, source.Read.Weights)), Logits(NetworkRun.Load(folder.Path)));

        double[] Logits(TransformerNetwork network) => NetworkRun.Of<float>(network, ids).Logits;
    }

    private static double[] Values(NamedWeight weight) => weight.Matrix?.Decode<double>() ?? weight.Vector!.Float64.ToArray();

    private static Source Open(string family) => new(
        Directory.Exists(Fixtures.Golden("architectures", family)) ? Fixtures.Golden("architectures", family) : Fixtures.Shared("goldens", "architectures", family));

    // A checkpoint and what was read from it.
    private sealed class Source
    {
        private readonly string folder;

        public Source(string folder)
        {
            this.folder = folder;
            Tensors = Checkpoint.Open(folder);
            Read = ModelFolder.Read(folder, Tensors);
            Json = ModelFolder.ConfigOf(folder, Tensors).Json;
        }

        public ITensorSource Tensors { get; }

        public ReadOnlyMemory<byte> Json { get; }

        public (NetworkConfig Config, NetworkWeights Weights) Read { get; }

        public IReadOnlyList<OutputTensor> With(NetworkWeights weights, NetworkConfig? config = null) =>
            CheckpointEdit.Tensors(Json, "config.json", Tensors, folder, Read, (config ?? Read.Config, weights));
    }
}
