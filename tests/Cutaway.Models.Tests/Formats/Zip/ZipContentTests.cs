using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Cutaway.Tensors;

namespace Cutaway.Models.Formats.Zip;

/// <summary>Zip files as .NET writes them are read, in memory where they lie; those that lie about sizes and places are refused.</summary>
public sealed unsafe class ZipContentTests
{
    private const int CentralSize = 24, CentralStoredSize = 20, CentralPlace = 42;

    [Theory]
    [InlineData(CompressionLevel.NoCompression, false)]
    [InlineData(CompressionLevel.Optimal, true)]
    public void Entries_are_read(CompressionLevel level, bool deflated)
    {
        byte[] first = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i % 7))];
        ZipContent zip = Open(Write(level, ("a/b", first), ("empty", []), ("c", [5])));
        Assert.Equal(["a/b", "c", "empty"], zip.Entries.Select(entry => entry.Name).Order());
        ZipEntry entry = zip.Find("a/b")!;
        Assert.Equal(deflated, entry.IsDeflated);
        (object owner, nint data) = zip.Open(entry);
        Assert.Equal(first, new ReadOnlySpan<byte>((byte*)data, (int)entry.Length).ToArray());
        Assert.Equal(data, zip.Open(entry).Data);
        Assert.Null(zip.Find("gone"));
        GC.KeepAlive(owner);
    }

    [Fact]
    public void A_bomb_is_refused_before_it_is_unpacked()
    {
        byte[] file = Write(CompressionLevel.Optimal, ("zeros", new byte[1 << 20]), ("more", new byte[100]));

        // 512 MiB of zeros would take half a megabyte; claim as much for the megabyte that is there.
        int central = Central(file, "zeros");
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(central + CentralSize), 1u << 29);
        Assert.Contains("claims 536870912 bytes in", Fault(file), StringComparison.Ordinal);
        uint possible = 900 * BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(central + CentralStoredSize));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(central + CentralSize), possible - 1);
        ZipContent zip = Open(file);
        Assert.Throws<FormatException>(() => zip.Open(zip.Find("zeros")!));
    }

    [Fact]
    public void Unpacking_has_a_limit_for_all_entries_together()
    {
        byte[] zeros = new byte[100 << 20];
        ZipContent zip = Open(Write(CompressionLevel.Fastest, ("a", zeros), ("b", zeros), ("c", zeros)));
        zip.Open(zip.Find("a")!);
        zip.Open(zip.Find("b")!);
        Assert.Contains("more than is unpacked", Assert.Throws<FormatException>(() => zip.Open(zip.Find("c")!)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionLevel.Optimal, 90, "unpacks to more than the 90 bytes")]
    [InlineData(CompressionLevel.Optimal, 110, "it is damaged")]
    [InlineData(CompressionLevel.NoCompression, 90, "not as it says")]
    [InlineData(CompressionLevel.NoCompression, 110, "claims 110 bytes in 100")]
    public void Wrong_sizes_are_refused(CompressionLevel level, uint claimed, string expected)
    {
        byte[] file = Write(level, ("a", [.. Enumerable.Range(0, 100).Select(i => (byte)i)]));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(Central(file, "a") + CentralSize), claimed);
        FormatException error = Assert.Throws<FormatException>(() =>
        {
            ZipContent zip = Open(file);
            zip.Open(zip.Find("a")!);
        });
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_that_share_bytes_or_a_name_are_refused()
    {
        byte[] file = Write(CompressionLevel.NoCompression, ("a", new byte[100]), ("b", new byte[100]));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(Central(file, "b") + CentralPlace), 0);
        Assert.Contains("'b' shares bytes", Fault(file), StringComparison.Ordinal);
        Assert.Contains("in it twice", Fault(Write(CompressionLevel.NoCompression, ("a", new byte[100]), ("a", new byte[100]))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(uint.MaxValue - 1)]
    [InlineData(1000000u)]
    [InlineData(7u)]
    public void Places_outside_the_file_or_between_entries_are_refused(uint place)
    {
        byte[] file = Write(CompressionLevel.NoCompression, ("a", new byte[100]));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(Central(file, "a") + CentralPlace), place);
        Fault(file);
    }

    [Theory]
    [InlineData(4, 1u, "several parts")]
    [InlineData(10, 500u, "claims")]
    [InlineData(12, 0xfffffffeu, "its directory")]
    [InlineData(16, 0xfffffffeu, "its directory")]
    [InlineData(16, 0xffffffffu, "64-bit directory")]
    public void A_directory_that_contradicts_itself_is_refused(int field, uint value, string expected)
    {
        byte[] file = Write(CompressionLevel.NoCompression, ("a", new byte[100]));
        Span<byte> end = file.AsSpan(file.Length - 22);
        if (field >= 12)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(end[field..], value);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(end[field..], (ushort)value);
        }

        Assert.Contains(expected, Fault(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Encrypted_entries_and_other_methods_are_refused()
    {
        byte[] file = Write(CompressionLevel.NoCompression, ("a", new byte[100]));
        int central = Central(file, "a");
        file[central + 8] |= 1;
        Assert.Contains("encrypted", Fault(file), StringComparison.Ordinal);
        file[central + 8] &= 0xfe;
        file[central + 10] = 14;
        Assert.Contains("method 14", Fault(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_64_bit_directory_is_read()
    {
        // As PyTorch writes them: sizes of 2³² - 1 and a field with the true ones.
        byte[] file = Write(CompressionLevel.NoCompression, ("a", [1, 2, 3]));
        int central = Central(file, "a");
        byte[] extra = [1, 0, 16, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
        byte[] wide = [.. file.AsSpan(0, central + 47), .. extra, .. file.AsSpan(central + 47)];
        BinaryPrimitives.WriteUInt32LittleEndian(wide.AsSpan(central + CentralSize), uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(wide.AsSpan(central + CentralStoredSize), uint.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(wide.AsSpan(central + 30), (ushort)extra.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(wide.AsSpan(wide.Length - 10), (uint)(47 + extra.Length));
        Assert.Equal(3, Open(wide).Find("a")!.Length);
        wide[central + 47] = 9;
        Assert.Contains("64-bit sizes of 'a' are missing", Fault([.. wide.AsSpan(0, central + 47), 1, 0, 0, 0, .. wide.AsSpan(central + 51)]), StringComparison.Ordinal);
    }

    internal static byte[] Write(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in entries)
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    private static ZipContent Open(byte[] file)
    {
        NativeBuffer<byte> memory = new(file.Length);
        file.CopyTo(memory.Span);
        return new ZipContent(memory, memory.Pointer, memory.Length);
    }

    private static string Fault(byte[] file) => Assert.Throws<FormatException>(() => Open(file)).Message;

    // Where the directory's record of an entry begins.
    private static int Central(byte[] file, string name)
    {
        int at = 0;
        while (true)
        {
            at += file.AsSpan(at).IndexOf("PK\u0001\u0002"u8);
            if (Encoding.UTF8.GetString(file.AsSpan(at + 46, BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 28)))) == name)
            {
                return at;
            }

            at++;
        }
    }
}
