using System.IO.Compression;
using Cutaway.Tensors;

namespace Cutaway.Models.Formats.Zip;

/// <summary>A zip file in memory whose entries are seen where they lie; compressed ones are unpacked when they are asked for.</summary>
internal sealed unsafe class ZipContent
{
    /// <summary>Unpacking may take this much, or as much as the file has, whichever is more.</summary>
    private const long AlwaysUnpacked = 256 << 20;

    private readonly object owner;
    private readonly byte* data;
    private readonly Dictionary<string, ZipEntry> entries;
    private readonly Dictionary<string, (object Owner, nint Data)> unpacked = new(StringComparer.Ordinal);
    private long allowance;

    /// <summary>Reads the directory of a file that <paramref name="owner"/> keeps in memory.</summary>
    /// <exception cref="FormatException">It is damaged, encrypted, or contradicts itself.</exception>
    public ZipContent(object owner, byte* data, long length)
    {
        this.owner = owner;
        this.data = data;
        entries = ZipDirectory.Read(data, length);
        allowance = Math.Max(AlwaysUnpacked, length);
    }

    /// <summary>The entries.</summary>
    public IReadOnlyCollection<ZipEntry> Entries => entries.Values;

    /// <summary>The entry of a name, or null.</summary>
    public ZipEntry? Find(string name) => entries.GetValueOrDefault(name);

    /// <summary>The bytes of an entry, and what keeps them in memory.</summary>
    /// <exception cref="FormatException">It cannot be unpacked, or is larger than what is unpacked.</exception>
    public (object Owner, nint Data) Open(ZipEntry entry)
    {
        if (!entry.IsDeflated)
        {
            return (owner, (nint)(data + entry.Start));
        }

        if (!unpacked.TryGetValue(entry.Name, out (object, nint) content))
        {
            content = Unpack(entry);
            unpacked.Add(entry.Name, content);
        }

        return content;
    }

    private (object Owner, nint Data) Unpack(ZipEntry entry)
    {
        allowance -= entry.Length;
        if (allowance < 0 || entry.Length > int.MaxValue)
        {
            throw new FormatException($"{Quote.Name(entry.Name)} unpacks to {entry.Length} bytes, more than is unpacked in memory; unpack the file first, or save it without compression");
        }

        NativeBuffer<byte> buffer = new(entry.Length);
        using UnmanagedMemoryStream packed = new(data + entry.Start, entry.StoredLength);
        using DeflateStream stream = new(packed, CompressionMode.Decompress);
        try
        {
            stream.ReadExactly(buffer.Span);
            if (stream.ReadByte() >= 0)
            {
                throw new FormatException($"{Quote.Name(entry.Name)} unpacks to more than the {entry.Length} bytes it claims");
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw new FormatException($"{Quote.Name(entry.Name)} cannot be unpacked: it is damaged", error);
        }

        GC.KeepAlive(owner);
        return (buffer, (nint)buffer.Pointer);
    }
}
