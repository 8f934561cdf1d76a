using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Fuzzing;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>The golden checkpoints again, converted as llama.cpp does: the network must be the one that their own files give.</summary>
public sealed class GgufArchitectureTests
{
    private static readonly Dictionary<string, Action<GgufBuilder, GgufConversion>> Metadata = new()
    {
        ["llama"] = (builder, conversion) => conversion.Float(builder, "rope.freq_base", 10000),
        ["llama3-gqa-tied"] = (builder, conversion) => conversion.Float(builder, "rope.freq_base", 500000),
        ["qwen2"] = (builder, conversion) => conversion.Float(builder, "rope.freq_base", 1000000),
        ["qwen3"] = (builder, conversion) => conversion.Float(builder, "rope.freq_base", 1000000),
        ["gemma"] = (builder, conversion) => conversion.Float(builder, "rope.freq_base", 10000),
        ["gemma2"] = (builder, conversion) =>
        {
            // The golden's query scale is not that of any released model, so it needs a key of its own.
            conversion.Float(builder, "attention.scale", 1 / Math.Sqrt(24));
            conversion.Whole(builder, "attention.sliding_window", 4);
        },
        ["gemma3"] = (builder, conversion) =>
        {
            conversion.Whole(builder, "attention.sliding_window", 4);
            conversion.Float(builder, "rope.freq_base", 1000000);
            conversion.Float(builder, "rope.freq_base_swa", 10000);
            conversion.Float(builder, "rope.scaling.factor", 8);
            builder.Value("gemma3.rope.scaling.type", GgufType.String, writer => GgufBuilder.Text(writer, "linear"));
            builder.List("gemma3.attention.sliding_window_pattern", GgufType.Bool, 3, writer => writer.Write([1, 1, 0]));
        },
        ["mixtral"] = (builder, conversion) => conversion.Float(builder, "rope.freq_base", 1000000),
        ["phi3"] = (builder, conversion) => conversion.Whole(builder, "attention.sliding_window", 0),
        ["gpt-neox"] = (builder, conversion) =>
        {
            conversion.Whole(builder, "rope.dimension_count", 4);
            builder.Value("gptneox.use_parallel_residual", GgufType.Bool, writer => writer.Write((byte)1));
        },
    };

    [SkippableTheory]
    [InlineData("llama", "llama")]
    [InlineData("llama3-gqa-tied", "llama")]
    [InlineData("qwen2", "qwen2")]
    [InlineData("qwen3", "qwen3")]
    [InlineData("gemma", "gemma")]
    [InlineData("gemma2", "gemma2")]
    [InlineData("gemma3", "gemma3")]
    [InlineData("gpt2", "gpt2")]
    [InlineData("gpt-neox", "gptneox")]
    [InlineData("phi3", "phi3")]
    [InlineData("mixtral", "llama")]
    [InlineData("qwen3-moe", "qwen3moe")]
    public void A_converted_checkpoint_is_the_same_network(string family, string architecture)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("model.gguf", new GgufConversion(family, architecture).ToBytes(Metadata.GetValueOrDefault(family)));
        TransformerNetwork converted = NetworkRun.Load(file);
        ArchitectureGolden golden = new(Directory.Exists(Fixtures.Golden("architectures", family)) ? Fixtures.Golden("architectures", family) : Fixtures.Shared("goldens", "architectures", family));
        NetworkRun expected = NetworkRun.Of<double>(golden.Network, golden.PlainIds, wants: point => !point.Optional);
        NetworkRun found = NetworkRun.Of<double>(converted, golden.PlainIds, wants: point => !point.Optional);
        Assert.Equal(expected.Order, found.Order);

        // Metadata are single precision, and so are norms of Gemma with one added.
        Closeness.Require(expected.Order.Select(name => Closeness.Difference(name, expected.Seen[name].Values, found.Seen[name].Values, 2e-6)));
        Assert.Equal(golden.Network.Config.TiedEmbedding, converted.Config.TiedEmbedding);
        Assert.Equal(golden.Network.Config.Context, converted.Config.Context);
    }
}
