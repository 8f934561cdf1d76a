using System.Runtime.InteropServices;
using System.Text;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>What checkpoints of PyTorch hold, in both layouts: types, views, strides, names, settings.</summary>
public sealed class TorchFileTests
{
    private static readonly float[] Values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

    public static TheoryData<bool> Layouts => [false, true];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Views_begin_at_their_offset_and_step_by_their_strides(bool legacy)
    {
        byte[] pickle = new PickleBuilder().Ops("}(")
            .Text("whole").Tensor("FloatStorage", "s", 12, 0, [3, 4], [4, 1])
            .Text("row").Tensor("FloatStorage", "s", 12, 4, [4], [1])
            .Text("turned").Tensor("FloatStorage", "s", 12, 0, [4, 3], [1, 4])
            .Text("every second").Tensor("FloatStorage", "s", 12, 1, [3], [2])
            .Text("middle").Tensor("FloatStorage", "s", 12, 1, [3, 2], [4, 1])
            .Text("one").Tensor("FloatStorage", "s", 12, 11, [], [])
            .Text("none").Tensor("FloatStorage", "s", 12, 0, [0, 5], [5, 1])
            .Ops("u").ToArray();
        IReadOnlyDictionary<string, StoredTensor> tensors = Open(legacy, pickle, ("s", 12, Bytes(Values))).Tensors;
        Assert.Equal(Values, tensors["whole"].ToArray<float>());
        Assert.Equal([4, 5, 6, 7], tensors["row"].ToArray<float>());
        Assert.Equal([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], tensors["turned"].ToArray<float>());
        Assert.Equal([1, 3, 5], tensors["every second"].ToArray<float>());
        Assert.Equal([1, 2, 5, 6, 9, 10], tensors["middle"].ToArray<float>());
        Assert.Equal([11], tensors["one"].ToArray<float>());
        Assert.Empty(tensors["none"].ToArray<float>());
    }

    [Theory]
    [InlineData("DoubleStorage", 8, ElementType.Float64)]
    [InlineData("HalfStorage", 2, ElementType.Float16)]
    [InlineData("BFloat16Storage", 2, ElementType.BFloat16)]
    [InlineData("CharStorage", 1, ElementType.Int8)]
    [InlineData("ByteStorage", 1, ElementType.UInt8)]
    [InlineData("ShortStorage", 2, ElementType.Int16)]
    [InlineData("IntStorage", 4, ElementType.Int32)]
    [InlineData("LongStorage", 8, ElementType.Int64)]
    [InlineData("BoolStorage", 1, ElementType.Bool)]
    public void Every_type_of_storage_is_known(string storage, int size, ElementType expected)
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Tensor(storage, "0", 3, 0, [3], [1]));
        foreach (bool legacy in (bool[])[false, true])
        {
            Assert.Equal(expected, Open(legacy, pickle, ("0", 3, new byte[3 * size])).Tensors["w"].Type);
        }
    }

    [Fact]
    public void Untyped_storages_take_the_tensor_s_type()
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Global("torch._utils", "_rebuild_tensor_v3").Ops("(")
            .Ops("(").Text("storage").Global("torch.storage", "UntypedStorage").Text("0").Text("cpu").Number(48).Ops("tQ")
            .Number(2).Numbers(2, 5).Numbers(5, 1).Raw(0x89).Global("collections", "OrderedDict").Ops(")R").Global("torch", "float32").Ops("tR"));
        StoredTensor tensor = Open(false, pickle, ("0", 48, Bytes(Values))).Tensors["w"];
        Assert.Equal(Values[2..], tensor.ToArray<float>());
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Tensors_under_a_usual_name_are_found_and_settings_beside_them_kept(bool legacy)
    {
        byte[] pickle = new PickleBuilder().Ops("}(").Text("epoch").Number(3)
            .Text("state_dict").Global("collections", "OrderedDict").Ops(")R(").Text("module.a").Tensor("FloatStorage", "0", 12, 0, [12], [1])
            .Text("module.b").Global("torch._utils", "_rebuild_parameter").Ops("(").Tensor("FloatStorage", "0", 12, 0, [2], [1]).Raw(0x88).Global("collections", "OrderedDict").Ops(")RtR")
            .Ops("u}").Text("_metadata").Ops("Nsb")
            .Text("cfg").Global("argparse", "Namespace").Ops(")").Raw(0x81).Ops("}(").Text("n_layers").Number(2).Text("dtype").Global("torch", "float32").Text("eps").Raw((byte)'G', 0x3f, 0xe0, 0, 0, 0, 0, 0, 0)
            .Text("sizes").Numbers(1, 2).Text("list").Ops("](").Raw(0x88).Ops("Ne").Text("weight").Tensor("FloatStorage", "0", 12, 0, [1], [1]).Ops("ub")
            .Ops("u").ToArray();
        TorchFile file = Open(legacy, pickle, ("0", 12, Bytes(Values)));
        Assert.Equal(["a", "b"], file.Tensors.Keys.Order());
        string settings = Encoding.UTF8.GetString(file.Settings!.Value.Span);
        Assert.Equal("""{"list":[true,null],"sizes":[1,2],"eps":0.5,"dtype":"torch.float32","n_layers":2}""", settings);
    }

    [Fact]
    public void Arrays_of_numpy_are_read()
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Global("numpy.core.multiarray", "_reconstruct").Ops("(").Global("numpy", "ndarray").Numbers(0).Text("b").Ops("tR")
            .Ops("(").Number(1).Numbers(3, 4).Global("numpy", "dtype").Ops("(").Text("f4").Raw(0x89, 0x88).Ops("tR(").Number(3).Text("<").Ops("NNNJ").Raw(0xff, 0xff, 0xff, 0xff).Number(-1).Number(0).Ops("tb")
            .Raw(0x89).Global("_codecs", "encode").Ops("(").Text(Encoding.Latin1.GetString(Bytes(Values))).Text("latin1").Ops("tRtb"));
        StoredTensor tensor = Open(false, pickle).Tensors["w"];
        Assert.Equal([3, 4], tensor.Shape);
        Assert.Equal(Values, tensor.ToArray<float>());
    }

    [Theory]
    [InlineData(0, new long[] { 13 }, new long[] { 1 })]
    [InlineData(1, new long[] { 3, 4 }, new long[] { 4, 1 })]
    [InlineData(0, new long[] { 2, 2 }, new long[] { 11, 1 })]
    [InlineData(0, new long[] { 3 }, new long[] { long.MaxValue })]
    [InlineData(long.MaxValue, new long[] { 1 }, new long[] { 1 })]
    [InlineData(0, new long[] { long.MaxValue, long.MaxValue }, new long[] { 0, 0 })]
    [InlineData(0, new long[] { 3 }, new long[] { 1, 1 })]
    [InlineData(-1, new long[] { 3 }, new long[] { 1 })]
    public void A_view_beyond_its_storage_is_refused(long offset, long[] shape, long[] strides)
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Tensor("FloatStorage", "0", 12, offset, shape, strides));
        Assert.Contains("does not fit its storage '0' of 48 bytes", Fault(PickleBuilder.Zip(pickle, ("m/data/0", Bytes(Values)))), StringComparison.Ordinal);
    }

    [Fact]
    public void Negative_and_too_many_extents_are_refused()
    {
        Assert.Contains("the size of a tensor", Fault(Pickle([-1], [1])), StringComparison.Ordinal);
        Assert.Contains("the strides of a tensor", Fault(Pickle([2], [-1])), StringComparison.Ordinal);
        Assert.Contains("at most 8", Fault(Pickle([.. Enumerable.Repeat(1L, 9)], [.. Enumerable.Repeat(1L, 9)])), StringComparison.Ordinal);

        static byte[] Pickle(long[] shape, long[] strides) =>
            PickleBuilder.Zip(PickleBuilder.OneTensor(builder => builder.Tensor("FloatStorage", "0", 12, 0, shape, strides)), ("m/data/0", new byte[48]));
    }

    [Fact]
    public void One_value_repeated_to_a_huge_tensor_is_refused()
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Tensor("FloatStorage", "0", 12, 0, [1 << 20, 1 << 20], [0, 0]));
        Assert.Contains("more elements than the file", Fault(PickleBuilder.Zip(pickle, ("m/data/0", Bytes(Values)))), StringComparison.Ordinal);
    }

    [Fact]
    public void Storages_must_be_as_long_as_tensors_say()
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Tensor("FloatStorage", "0", 12, 0, [12], [1]));
        Assert.Contains("has 44 bytes; its pickle says 48", Fault(PickleBuilder.Zip(pickle, ("m/data/0", new byte[44]))), StringComparison.Ordinal);
        Assert.Contains("storage '0' is not in the zip file", Fault(PickleBuilder.Zip(pickle)), StringComparison.Ordinal);
        Assert.Contains("beyond its end", Fault(PickleBuilder.Legacy(pickle, true, ("0", 12, new byte[44]))), StringComparison.Ordinal);
        Assert.Contains("has 11 elements; its pickle says 12", Fault(PickleBuilder.Legacy(pickle, true, ("0", 11, new byte[48]))), StringComparison.Ordinal);
        Assert.Contains("storage '0' is not in the file", Fault(PickleBuilder.Legacy(pickle, true)), StringComparison.Ordinal);
        byte[] twice = new PickleBuilder().Ops("}(").Text("a").Tensor("FloatStorage", "0", 12, 0, [1], [1]).Text("b").Tensor("HalfStorage", "0", 24, 0, [1], [1]).Ops("u").ToArray();
        Assert.Contains("in two ways", Fault(PickleBuilder.Zip(twice, ("m/data/0", new byte[48]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_byte_orders_and_programs_are_refused()
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Tensor("FloatStorage", "0", 12, 0, [12], [1]));
        Assert.Contains("'big' byte first", Fault(PickleBuilder.Zip(pickle, ("m/data/0", new byte[48]), ("m/byteorder", "big"u8.ToArray()))), StringComparison.Ordinal);
        Assert.Contains("highest byte first", Fault(PickleBuilder.Legacy(pickle, false, ("0", 12, new byte[48]))), StringComparison.Ordinal);
        Assert.Contains("TorchScript", Fault(PickleBuilder.Zip(pickle, ("m/constants.pkl", [1]), ("m/data/0", new byte[48]))), StringComparison.Ordinal);
        Assert.Contains("neither as a zip file", Fault(pickle), StringComparison.Ordinal);
    }

    [Fact]
    public void What_holds_no_tensors_says_what_it_holds()
    {
        Assert.Contains("'epoch'", Fault(PickleBuilder.Zip(new PickleBuilder().Ops("}").Text("epoch").Number(1).Ops("s").ToArray())), StringComparison.Ordinal);
        Assert.Contains("without a name", Fault(PickleBuilder.Zip(new PickleBuilder().Tensor("FloatStorage", "0", 1, 0, [1], [1]).ToArray())), StringComparison.Ordinal);
        byte[] twice = new PickleBuilder().Ops("}(").Text("a").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Text("a").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Ops("u").ToArray();
        Assert.Contains("'a' appears twice", Fault(PickleBuilder.Zip(twice, ("m/data/0", new byte[4]))), StringComparison.Ordinal);
    }

    private static TorchFile Open(bool legacy, byte[] pickle, params (string Key, long Count, byte[] Content)[] storages) => TorchFile.FromBytes(
        legacy ? PickleBuilder.Legacy(pickle, true, storages) : PickleBuilder.Zip(pickle, [.. storages.Select(storage => ($"m/data/{storage.Key}", storage.Content)), ("m/byteorder", "little"u8.ToArray())]),
        "model.pt");

    private static string Fault(byte[] file) => Assert.Throws<CutawayException>(() => TorchFile.FromBytes(file, "model.pt")).Message;

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
