using Cutaway.Models.Formats.Fuzzing;
using Cutaway.Tensors.Storage;
using Cutaway.Testing;

namespace Cutaway.Models.Formats;

public sealed class GgufTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Metadata_of_every_kind_is_read()
    {
        GgufFile file = GgufFile.Open(Fixtures.Golden("gguf", "quants.gguf"));
        Assert.Equal(3, file.Version);
        Assert.Equal(32, file.Alignment);
        Assert.Equal(7, file.Metadata.GetInt("test.u32"));
        Assert.Equal(0.1, file.Metadata.GetFloat("test.f64"));
        Assert.Equal([1, -2, 3], file.Metadata.GetInts("test.array"));
        Assert.Equal([1f, -2f, 3f], file.Metadata.GetFloats("test.array"));
        Assert.Equal(3, file.Metadata.GetStrings("test.strings").Length);
        Assert.Equal("a", file.Metadata.FindStrings("test.strings")![0]);
        Assert.True(file.Metadata.GetBool("test.bool"));
        Assert.Contains(file.Metadata.GetString("test.string"), character => character > 127);
        Assert.Equal("3 × Int32", file.Metadata["test.array"].ToString());
        Assert.Null(file.Metadata.FindInt("gone"));
        Assert.Contains("'gone'", Assert.Throws<CutawayException>(() => file.Metadata.GetString("gone")).Message, StringComparison.Ordinal);
        Assert.Contains("'test.u32'", Assert.Throws<CutawayException>(() => file.Metadata.GetString("test.u32")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Axes_are_row_major()
    {
        StoredTensor tensor = GgufFile.Open(Fixtures.Golden("gguf", "quants.gguf")).Tensors["t.Q4_K"];
        Assert.Equal([3, 512], tensor.Shape);
        Assert.Equal(ElementType.Q4_K, tensor.Type);
        Assert.Equal(3 * 288, tensor.ByteLength);
    }

    [Theory]
    [InlineData(GgufType.UInt8, 255L)]
    [InlineData(GgufType.Int8, -1L)]
    [InlineData(GgufType.UInt16, 65535L)]
    [InlineData(GgufType.Int16, -1L)]
    [InlineData(GgufType.UInt32, 4294967295L)]
    [InlineData(GgufType.Int32, -1L)]
    [InlineData(GgufType.Int64, -1L)]
    public void Integers_of_every_width_are_read(GgufType type, long expected)
    {
        byte[] bytes = new GgufBuilder().Value("n", type, writer => writer.Write(new byte[GgufValue.SizeOf(type)].Select(_ => byte.MaxValue).ToArray())).ToBytes();
        Assert.Equal(expected, GgufFile.Open(folder.Write("a.gguf", bytes)).Metadata["n"].AsLong());
    }

    [Fact]
    public void Values_beyond_their_target_are_refused()
    {
        byte[] bytes = new GgufBuilder()
            .Value("big", GgufType.UInt64, writer => writer.Write(ulong.MaxValue))
            .Value("wide", GgufType.UInt32, writer => writer.Write(uint.MaxValue))
            .List("wides", GgufType.UInt32, 1, writer => writer.Write(uint.MaxValue))
            .Value("text", GgufType.String, writer => { writer.Write(1UL); writer.Write((byte)0xFF); })
            .ToBytes();
        GgufMetadata metadata = GgufFile.Open(folder.Write("a.gguf", bytes)).Metadata;
        Assert.Throws<CutawayException>(() => metadata["big"].AsLong());
        Assert.Equal("18446744073709551615", metadata["big"].ToString());
        Assert.Throws<CutawayException>(() => metadata.GetInt("wide"));
        Assert.Throws<CutawayException>(() => metadata.GetInts("wides"));
        Assert.Contains("UTF-8", Assert.Throws<CutawayException>(() => metadata.GetString("text")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Alignment_is_that_of_the_file()
    {
        byte[] bytes = new GgufBuilder { DataBytes = 8 }
            .Value("general.alignment", GgufType.UInt32, writer => writer.Write(8))
            .Tensor("a", 0, 0, 1).Tensor("b", 0, 8, 0)
            .ToBytes(8);
        Assert.Equal(2, GgufFile.Open(folder.Write("a.gguf", bytes)).Tensors.Count);
    }

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "'GGUF'", [1, 2, 3] },
        { "'GGUF'", "GGML\u0003\0\0\0"u8.ToArray() },
        { "version is 1", new GgufBuilder { Version = 1 }.ToBytes() },
        { "big-endian", new GgufBuilder { Version = 3 << 24 }.ToBytes() },
        { "beyond its end", "GGUF\u0003\0\0\0"u8.ToArray() },
        { "claims 1152921504606846976 tensors", new GgufBuilder { ClaimedTensors = 1UL << 60 }.ToBytes() },
        { "claims 1152921504606846976 metadata", new GgufBuilder { ClaimedValues = 1UL << 60 }.ToBytes() },
        { "key claims", new GgufBuilder().Value(new string('k', 70_000), GgufType.UInt8, writer => writer.Write((byte)0)).ToBytes() },
        { "unknown type 13", new GgufBuilder().Value("k", (GgufType)13, _ => { }).ToBytes() },
        { "'k' appears twice", new GgufBuilder().Value("k", GgufType.Bool, writer => writer.Write(true)).Value("k", GgufType.Bool, writer => writer.Write(true)).ToBytes() },
        { "'k' lies beyond", new GgufBuilder().Value("k", GgufType.String, writer => writer.Write(1UL << 60)).ToBytes() },
        { "1152921504606846976 elements", new GgufBuilder().List("k", GgufType.UInt8, 1UL << 60, _ => { }).ToBytes() },
        { "1152921504606846976 elements", new GgufBuilder().List("k", GgufType.String, 1UL << 60, _ => { }).ToBytes() },
        { "deeper than 4", Nested(5) },
        { "a power of two", new GgufBuilder().Value("general.alignment", GgufType.UInt32, writer => writer.Write(0)).ToBytes() },
        { "a power of two", new GgufBuilder().Value("general.alignment", GgufType.UInt32, writer => writer.Write(48)).ToBytes() },
        { "type 9", new GgufBuilder().Tensor("t", 9, 0, 32).ToBytes() },
        { "5 axes", new GgufBuilder().Tensor("t", 0, 0, 1, 1, 1, 1, 1).ToBytes() },
        { "not one that can exist", new GgufBuilder().Tensor("t", 0, 0, ulong.MaxValue).ToBytes() },
        { "not one that can exist", new GgufBuilder().Tensor("t", 0, 0, 1UL << 40, 1UL << 40).ToBytes() },
        { "beyond the end", new GgufBuilder().Tensor("t", 0, 0, 1UL << 40).ToBytes() },
        { "beyond the end", new GgufBuilder().Tensor("t", 0, ulong.MaxValue - 31, 1).ToBytes() },
        { "beyond its end", new GgufBuilder().Tensor("t", 0, 0, 17).ToBytes() },
        { "whole number of Q4_0 blocks", new GgufBuilder().Tensor("t", 2, 0, 33).ToBytes() },
        { "whole number of Q4_0 blocks", new GgufBuilder().Tensor("t", 2, 0, 16, 2).ToBytes() },
        { "multiple of 32", new GgufBuilder().Tensor("t", 0, 4, 1).ToBytes() },
        { "overlaps", new GgufBuilder().Tensor("t", 0, 0, 9).Tensor("u", 0, 32, 1).ToBytes() },
        { "'t' appears twice", new GgufBuilder().Tensor("t", 0, 0, 1).Tensor("t", 0, 32, 1).ToBytes() },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_file_is_named(string expected, byte[] bytes)
    {
        string path = folder.Write("broken.gguf", bytes);
        CutawayException error = Assert.Throws<CutawayException>(() => GgufFile.Open(path));
        Assert.Equal(FaultKind.Model, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 400);
    }

    [SkippableFact]
    public void A_real_model_opens_and_its_vocabulary_is_complete()
    {
        GgufFile file = GgufFile.Open(Fixtures.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        Assert.Equal("llama", file.Metadata.GetString("general.architecture"));
        Assert.Equal(49152, file.Metadata.GetStrings("tokenizer.ggml.tokens").Length);
        Assert.Equal([49152, 576], file.Tensors["token_embd.weight"].Shape);
    }

    private static byte[] Nested(int depth) => new GgufBuilder().Value("k", GgufType.Array, writer =>
    {
        for (int i = 1; i < depth; i++)
        {
            writer.Write((uint)GgufType.Array);
            writer.Write(1UL);
        }

        writer.Write((uint)GgufType.UInt8);
        writer.Write(0UL);
    }).ToBytes();
}
