using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Cutaway.Models.Formats.Zip;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Numpy;

public sealed class NpzFileTests
{
    private static readonly byte[] Six = MemoryMarshal.AsBytes<float>((float[])[0, 1, 2, 3, 4, 5]).ToArray();

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", new[] { 0f, 1, 2, 3, 4, 5 })]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", new[] { 0f, 2, 4, 1, 3, 5 })]
    [InlineData("{'descr':'<f4','fortran_order':False,'shape':(6,)}\n", new[] { 0f, 1, 2, 3, 4, 5 })]
    public void Arrays_are_read_in_row_major_order(string header, float[] expected)
    {
        foreach (byte version in (byte[])[1, 2, 3])
        {
            Assert.Equal(expected, NpzFile.FromBytes(Npy(header, Six, version), "dir/a.npy").Tensors["a"].ToArray<float>());
        }
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void A_zip_file_of_arrays_is_read(CompressionLevel level)
    {
        byte[] file = ZipContentTests.Write(
            level,
            ("W_enc.npy", Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", Six)),
            ("step.npy", Npy("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", [7, 0, 0, 0, 0, 0, 0, 0])));
        NpzFile npz = NpzFile.FromBytes(file, "a.npz");
        Assert.Equal([3, 2], npz.Tensors["W_enc"].Shape);
        Assert.Equal([0, 1, 2, 3, 4, 5], npz.Tensors["W_enc"].ToArray<float>());
        Assert.Equal([7], npz.Tensors["step"].ToIntegers());
        Assert.Empty(npz.Tensors["step"].Shape);
    }

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (6,), }", "Python objects, whose pickles may run code")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }", "'>f4'; little-endian")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (6,), }", "'<c8'")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,), }", "not a dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }", "does not fill its 24 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "not one that can exist")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "does not fill")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6), }", "not one that can exist")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), '__reduce__': 1}", "not a dictionary")]
    [InlineData("__import__('os').system('id')", "not a dictionary")]
    public void Other_arrays_are_refused(string header, string expected)
    {
        Assert.Contains(expected, Fault(Npy(header, Six)), StringComparison.Ordinal);
        string inZip = Fault(ZipContentTests.Write(CompressionLevel.NoCompression, ("bad.npy", Npy(header, Six))));
        Assert.Contains(expected, inZip, StringComparison.Ordinal);
        Assert.Contains("'bad.npy'", inZip, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        byte[] file = Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", Six);
        for (int length = 1; length < file.Length; length++)
        {
            Fault(file[..length]);
        }

        Assert.Contains("ending in .npy", Fault(ZipContentTests.Write(CompressionLevel.NoCompression, ("readme.txt", [1]))), StringComparison.Ordinal);
        file[8] = 0xff;
        file[9] = 0xff;
        Assert.Contains("claims 65535 bytes", Fault(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ElementType.Float32, new long[] { 2, 3 }, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }")]
    [InlineData(ElementType.Int64, new long[] { 5 }, "{'descr': '<i8', 'fortran_order': False, 'shape': (5,), }")]
    [InlineData(ElementType.Bool, new long[0], "{'descr': '|b1', 'fortran_order': False, 'shape': (), }")]
    public void Headers_are_written_as_numpy_writes_them(ElementType type, long[] shape, string expected)
    {
        byte[] header = NpyHeader.TryWrite(type, shape)!;
        Assert.Equal(0, header.Length % 64);
        Assert.Equal(expected, Encoding.ASCII.GetString(header.AsSpan(10)).TrimEnd());
        NpyHeader read = NpyHeader.Read(header);
        Assert.Equal((type, false, header.Length), (read.Type, read.IsFortran, read.Bytes));
        Assert.Equal(shape, read.Shape);
    }

    [Fact]
    public void Written_arrays_are_read_back()
    {
        using TemporaryFolder folder = new();
        OutputTensor[] tensors =
        [
            OutputTensor.Create("blocks.0.hook_z", [2, 1, 3], new float[] { 1, 2, 3, 4, 5, 6 }),
            OutputTensor.Create("half", [2], new float[] { 0.5f, -2 }, ElementType.Float16),
            OutputTensor.Create("ids", [], new long[] { 7 }),
        ];
        NpzWriter.Write(folder["a.npz"], tensors);
        IReadOnlyDictionary<string, StoredTensor> read = NpzFile.Open(folder["a.npz"]).Tensors;
        Assert.Equal([2, 1, 3], read["blocks.0.hook_z"].Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], read["blocks.0.hook_z"].ToArray<float>());
        Assert.Equal([0.5, -2], read["half"].ToDoubles());
        Assert.Equal([7], read["ids"].ToIntegers());
        CutawayException fault = Assert.Throws<CutawayException>(() => NpzWriter.Write(folder["b.npz"], [OutputTensor.Create("a", [1], new float[1], ElementType.BFloat16)]));
        Assert.Contains("BFloat16", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["b.npz"]));
    }

    private static string Fault(byte[] file) => Assert.Throws<CutawayException>(() => NpzFile.FromBytes(file, "a.npz")).Message;

    private static byte[] Npy(string header, byte[] content, byte version = 1)
    {
        byte[] text = Encoding.ASCII.GetBytes(header);
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. content];
    }
}
