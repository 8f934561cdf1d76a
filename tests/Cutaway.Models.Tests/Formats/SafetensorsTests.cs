using System.Buffers.Binary;
using System.Text;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back()
    {
        string path = folder["a.safetensors"];
        double[] values = [0, -0.0, 1.0 / 3, 65504, 1e-8, double.NaN];
        float[] singles = Array.ConvertAll(values, value => (float)value);
        SafetensorsWriter.Write(
            path,
            [
                OutputTensor.Create("half", [3], values[..3], ElementType.Float16),
                OutputTensor.Create("brain", [6], singles, ElementType.BFloat16),
                OutputTensor.Create("single", [2, 3], singles),
                OutputTensor.Create("double", [3, 2], values),
                OutputTensor.Create("narrowed", [6], values, ElementType.Float32),
                OutputTensor.Create("ids", [2], new long[] { -1, long.MaxValue }),
                OutputTensor.Create("ints", [1], new int[] { int.MinValue }),
                OutputTensor.Create("scalar", [], new[] { 5f }),
                OutputTensor.Create("empty", [0, 7], Array.Empty<float>()),
                OutputTensor.Streamed("bytes", ElementType.UInt8, [2], stream => stream.Write([7, 8])),
            ],
            new Dictionary<string, string> { ["by"] = "a \"test\" über α" });

        SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("a \"test\" über α", file.Metadata["by"]);
        Assert.Equal(10, file.Tensors.Count);
        Assert.Equal(values, file.Tensors["double"].ToDoubles());
        Assert.Equal(singles, file.Tensors["single"].ToArray<float>());
        Assert.Equal(singles, file.Tensors["narrowed"].ToArray<float>());
        Assert.Equal(Array.ConvertAll(values[..3], value => (double)(Half)value), file.Tensors["half"].ToDoubles());
        Assert.Equal([0, -0.0f, 0.333984375f, 65536, 1.0011717677116394e-08f, float.NaN], file.Tensors["brain"].ToArray<float>());
        Assert.Equal([-1, long.MaxValue], file.Tensors["ids"].ToIntegers());
        Assert.Equal([int.MinValue], file.Tensors["ints"].ToIntegers());
        Assert.Equal([7, 8], file.Tensors["bytes"].ToIntegers());
        Assert.Equal([5.0], file.Tensors["scalar"].ToDoubles());
        Assert.Empty(file.Tensors["empty"].ToDoubles());
        Assert.Equal([0, 7], file.Tensors["empty"].Shape);
    }

    [Fact]
    public unsafe void Written_tensors_are_aligned_to_their_elements()
    {
        string path = folder["a.safetensors"];
        SafetensorsWriter.Write(
            path,
            [OutputTensor.Create("half", [1], new[] { 1f }, ElementType.Float16), OutputTensor.Create("double", [1], new[] { 1.0 })]);
        foreach (StoredTensor tensor in SafetensorsFile.Open(path).Tensors.Values)
        {
            Assert.Equal(0, (long)tensor.Data % tensor.Type.BytesPerBlock());
        }
    }

    [Fact]
    public void Plain_types_of_the_format_have_the_names_of_the_format()
    {
        string header = string.Join(",", new[] { ("F8_E4M3", 1), ("F8_E5M2", 1), ("BOOL", 1), ("I8", 1), ("U16", 2), ("I16", 2), ("U32", 4), ("U64", 8) }
            .Select((type, index) => $"\"{index}\":{{\"dtype\":\"{type.Item1}\",\"shape\":[{8 / type.Item2}],\"data_offsets\":[{8 * index},{8 * (index + 1)}]}}"));
        SafetensorsFile file = SafetensorsFile.Open(folder.Write("a.safetensors", Bytes($"{{{header}}}", 64)));
        Assert.Equal(
            [ElementType.Float8E4M3, ElementType.Float8E5M2, ElementType.Bool, ElementType.Int8, ElementType.UInt16, ElementType.Int16, ElementType.UInt32, ElementType.UInt64],
            file.Tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value.Type));
        Assert.Throws<CutawayException>(() => file.Tensors["2"].ToDoubles());
        Assert.Throws<CutawayException>(() => file.Tensors["0"].ToIntegers());
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "cut short")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "4 bytes follow")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "'a' appears twice")]
    [InlineData("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype 'C64'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "not a whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "not a whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1152921504606846976,16,1],"data_offsets":[0,4]}}""", 4, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296,0],"data_offsets":[0,0]}}""", 0, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", 4, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4, "more than 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "lacks")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype twice")]
    [InlineData("""{"a":[]}""", 0, "StartObject was expected")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "String was expected")]
    [InlineData("""{"__metadata__":{"a":"","a":""}}""", 0, "twice")]
    [InlineData("""[]""", 0, "StartObject was expected")]
    [InlineData("""{"a":""", 0, "not valid JSON")]
    [InlineData("""{} x""", 0, "not valid JSON")]
    [InlineData("""{"\ud800":{}}""", 0, "not valid JSON")]
    [InlineData("""{"a":{"x":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}}""", 0, "not valid JSON")]
    [InlineData("", 0, "not valid JSON")]
    public void A_broken_header_is_named(string header, int dataBytes, string expected)
    {
        string path = folder.Write("broken.safetensors", Bytes(header, dataBytes));
        CutawayException error = Assert.Throws<CutawayException>(() => SafetensorsFile.Open(path));
        Assert.Equal(FaultKind.Model, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL, 0)]
    [InlineData(3UL, 2)]
    [InlineData(1UL << 60, 8)]
    [InlineData(ulong.MaxValue, 8)]
    public void A_header_length_beyond_the_file_is_refused(ulong claimed, int present)
    {
        byte[] bytes = new byte[8 + present];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, claimed);
        string path = folder.Write("a.safetensors", present == 0 ? bytes[..5] : bytes);
        Assert.Equal(FaultKind.Model, Assert.Throws<CutawayException>(() => SafetensorsFile.Open(path)).Kind);
    }

    [Fact]
    public void Hostile_names_stay_on_one_short_line()
    {
        string name = "evil\\u001b[31m\\n" + new string('x', 100_000);
        string path = folder.Write("a.safetensors", Bytes("{\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,0]}}", 0));
        string message = Assert.Throws<CutawayException>(() => SafetensorsFile.Open(path)).Message;
        Assert.DoesNotContain(message, char.IsControl);
        Assert.True(message.Length < 400);
    }

    [Fact]
    public void The_writer_refuses_two_tensors_of_one_name()
    {
        OutputTensor tensor = OutputTensor.Create("a", [1], new[] { 1f });
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["a"], [tensor, tensor]));
        Assert.Throws<ArgumentException>(() => OutputTensor.Create("a", [2], new[] { 1f }));
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(
            folder["a"], [OutputTensor.Streamed("a", ElementType.Float32, [1], stream => stream.WriteByte(0))]));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData(float.NaN, ElementType.Float32, "NaN")]
    [InlineData(float.NegativeInfinity, ElementType.BFloat16, "infinite")]
    [InlineData(1e6f, ElementType.Float16, "infinite")]
    public void Weights_that_are_not_finite_are_found_on_request(float value, ElementType type, string expected)
    {
        string path = folder["a.safetensors"];
        float[] values = new float[3000];
        SafetensorsWriter.Write(path, [OutputTensor.Create("a", [30, 100], values, type)]);
        SafetensorsFile.Open(path).Tensors["a"].RequireFinite();
        values[2345] = value;
        SafetensorsWriter.Write(path, [OutputTensor.Create("a", [30, 100], values, type)]);
        CutawayException error = Assert.Throws<CutawayException>(() => SafetensorsFile.Open(path).Tensors["a"].RequireFinite());
        Assert.Contains($"'a' in {path} is {type} [30, 100]: value 2345 is {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_and_types_that_cannot_be_used_are_named()
    {
        string path = folder["a.safetensors"];
        SafetensorsWriter.Write(
            path,
            [
                OutputTensor.Create("vector", [2], new[] { 1f, 2f }),
                OutputTensor.Create("long", [0, 1L << 40], Array.Empty<float>()),
                OutputTensor.Create("ids", [1, 2], new long[] { 1, 2 }),
            ]);
        IReadOnlyDictionary<string, StoredTensor> tensors = SafetensorsFile.Open(path).Tensors;
        Assert.Contains("'vector'", Assert.Throws<CutawayException>(() => tensors["vector"].ToMatrix()).Message, StringComparison.Ordinal);
        Assert.Contains("longer than", Assert.Throws<CutawayException>(() => tensors["long"].ToMatrix()).Message, StringComparison.Ordinal);
        Assert.Contains("Int64 [1, 2]", Assert.Throws<CutawayException>(() => tensors["ids"].ToMatrix()).Message, StringComparison.Ordinal);
        Assert.Contains("integers were expected", Assert.Throws<CutawayException>(() => tensors["vector"].ToIntegers()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Brain_floats_round_to_nearest_even()
    {
        float[] values = [BitConverter.UInt32BitsToSingle(0x3F808000), BitConverter.UInt32BitsToSingle(0x3F818000), float.MaxValue, float.NegativeInfinity];
        string path = folder["a.safetensors"];
        SafetensorsWriter.Write(path, [OutputTensor.Create("a", [4], values, ElementType.BFloat16)]);
        Assert.Equal(
            [1f, BitConverter.UInt32BitsToSingle(0x3F820000), float.PositiveInfinity, float.NegativeInfinity],
            SafetensorsFile.Open(path).Tensors["a"].ToArray<float>());
    }

    internal static byte[] Bytes(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }
}
