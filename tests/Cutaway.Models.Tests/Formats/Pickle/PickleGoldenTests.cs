using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>A <c>pytorch_model.bin</c> that PyTorch wrote: half precision, a shared storage, scores divided by layer + 1, relu, n_inner.</summary>
public sealed class PickleGoldenTests
{
    [SkippableFact]
    public void Every_activation_equals_the_reference() => Closeness.Require(Open().Plain());

    [SkippableFact]
    public void Padded_batches_equal_the_reference()
    {
        Closeness.Require(Open().Padded("padded"));
        Closeness.Require(Open().Padded("padded_right"));
    }

    [SkippableFact]
    public void Greedy_tokens_equal_the_reference() => Closeness.Require(Open().Greedy());

    [SkippableFact]
    public void Double_precision_equals_the_reference_to_1e_9() => Closeness.Require(Open().Float64());

    [SkippableFact]
    public void Gradients_equal_the_reference()
    {
        Closeness.Require(Open().Gradients<float>());
        Closeness.Require(Open().Gradients<double>());
    }

    [Fact]
    public unsafe void Tensors_that_share_a_storage_share_memory()
    {
        TorchFile file = TorchFile.Open(Fixtures.Golden("pickle", "pytorch_model.bin"));
        Assert.Equal(41, file.Tensors.Count);
        StoredTensor embedding = file.Tensors["transformer.wte.weight"];
        Assert.Equal([150, 32], embedding.Shape);
        Assert.True(embedding.Data == file.Tensors["lm_head.weight"].Data);
        Assert.Null(file.Settings);
    }

    [Fact]
    public void A_file_by_itself_is_a_model_where_its_configuration_is_beside_it()
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Fixtures.Golden("pickle", "pytorch_model.bin"));
        Assert.Equal(48, config.DMlp);
        Assert.Equal(150, weights.Embedding.Rows);
    }

    private static ArchitectureGolden Open() => new(Fixtures.Shared("goldens", "architectures", "gpt2-pickle-fp16"));
}
