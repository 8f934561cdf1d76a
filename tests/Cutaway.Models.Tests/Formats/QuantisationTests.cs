using Cutaway.Tensors.Storage;
using Cutaway.Testing;

namespace Cutaway.Models.Formats;

/// <summary>Decoding against what the format's own package reads from the same bytes.</summary>
public sealed class QuantisationTests
{
    private static readonly GgufFile Stored = GgufFile.Open(Fixtures.Golden("gguf", "quants.gguf"));
    private static readonly SafetensorsFile Expected = SafetensorsFile.Open(Fixtures.Golden("gguf", "quants.safetensors"));

    public static TheoryData<string> Types => [.. Stored.Tensors.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_decodes_to_one_unit_in_the_last_place(string name)
    {
        float[] expected = Expected.Tensors[name].ToArray<float>();
        float[] actual = Stored.Tensors[name].ToArray<float>();
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(Ordinal(expected[i]) - Ordinal(actual[i])) <= 1, $"{name}[{i}]: {actual[i]:R} instead of {expected[i]:R}");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Double_precision_holds_the_same_numbers(string name) =>
        Assert.Equal(Array.ConvertAll(Stored.Tensors[name].ToArray<float>(), value => (double)value), Stored.Tensors[name].ToDoubles());

    [Theory]
    [MemberData(nameof(Types))]
    public void Rows_decode_as_the_whole_does(string name)
    {
        StoredTensor tensor = Stored.Tensors[name];
        WeightMatrix matrix = tensor.ToMatrix().SelectRows([2, 0, 1]);
        float[] all = tensor.ToArray<float>();
        Assert.Equal([.. all[(2 * matrix.Columns)..], .. all[..(2 * matrix.Columns)]], matrix.Decode<float>());
    }

    [Fact]
    public void The_file_holds_every_block_type() =>
        Assert.Empty(Enum.GetValues<ElementType>().Where(type => type >= ElementType.Q4_0).Except(Stored.Tensors.Values.Select(tensor => tensor.Type)));

    private static long Ordinal(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return bits < 0 ? int.MinValue - (long)bits : bits;
    }
}
