using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Cutaway.Models.Formats.Zip;

/// <summary>
/// Finds where the files in a zip file lie, so that stored ones can be mapped; System.IO.Compression gives streams only.
/// PKWARE's APPNOTE 6.3, sections 4.3 (records) and 4.5.3 (zip64). All sizes and places are checked against the file, and
/// entries that share bytes are refused.
/// </summary>
internal static class ZipDirectory
{
    private const uint LocalSignature = 0x04034b50, CentralSignature = 0x02014b50, EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    private const int LocalBytes = 30, CentralBytes = 46, EndBytes = 22, End64Bytes = 56, Locator64Bytes = 20;
    private const int LongestComment = ushort.MaxValue;
    private const ushort Stored = 0, Deflated = 8, EncryptedFlag = 1, Zip64Field = 1;

    /// <summary>No deflated byte unpacks to more bytes than this (a match of 258 bytes takes two bits).</summary>
    private const ulong LargestRatio = 1032;

    /// <summary>Whether a file begins as zip files do.</summary>
    public static bool IsZip(ReadOnlySpan<byte> start) =>
        start.Length >= sizeof(uint) && ReadUInt32LittleEndian(start) is LocalSignature or EndSignature;

    /// <summary>The entries of a zip file, by name; folders are left out.</summary>
    /// <exception cref="FormatException">It is damaged, encrypted, or contradicts itself.</exception>
    public static unsafe Dictionary<string, ZipEntry> Read(byte* data, long length)
    {
        ZipBytes file = new(data, length);
        (long start, int bytes, ulong count) = Locate(file);
        ReadOnlySpan<byte> directory = file.At(start, bytes, "its directory");
        if (count > (ulong)bytes / CentralBytes)
        {
            throw new FormatException($"its directory claims {count} entries in {bytes} bytes");
        }

        Dictionary<string, ZipEntry> entries = new((int)count, StringComparer.Ordinal);
        List<(long Start, long End, string Name)> places = new((int)count);
        while (count-- > 0)
        {
            (ZipEntry entry, long header, int used) = ReadEntry(file, directory);
            directory = directory[used..];
            places.Add((header, entry.Start + entry.StoredLength, entry.Name));
            if (!entries.TryAdd(entry.Name, entry))
            {
                throw new FormatException($"{Quote.Name(entry.Name)} is in it twice");
            }
        }

        RequireApart(places, start);
        return entries;
    }

    private static void RequireApart(List<(long Start, long End, string Name)> places, long directory)
    {
        places.Sort();
        long end = 0;
        foreach ((long start, long entryEnd, string name) in places)
        {
            if (start < end || entryEnd > directory)
            {
                throw new FormatException($"{Quote.Name(name)} shares bytes with another part of it");
            }

            end = entryEnd;
        }
    }

    private static (long Start, int Bytes, ulong Count) Locate(ZipBytes file)
    {
        int searched = (int)Math.Min(file.Length, EndBytes + LongestComment);
        ReadOnlySpan<byte> tail = file.At(file.Length - searched, searched, "its end");
        int at = tail.Length - EndBytes;
        while (at >= 0 && ReadUInt32LittleEndian(tail[at..]) != EndSignature)
        {
            at--;
        }

        if (at < 0)
        {
            throw new FormatException("the directory at its end is missing: the file is cut short or damaged");
        }

        ReadOnlySpan<byte> end = tail[at..];
        (ulong count, ulong bytes, ulong start) = (ReadUInt16LittleEndian(end[10..]), ReadUInt32LittleEndian(end[12..]), ReadUInt32LittleEndian(end[16..]));
        if (ReadUInt16LittleEndian(end[4..]) is not 0 and not ushort.MaxValue)
        {
            throw new FormatException("it is one of several parts of a zip file");
        }

        if (count == ushort.MaxValue || bytes == uint.MaxValue || start == uint.MaxValue)
        {
            (count, bytes, start) = Locate64(file, file.Length - searched + at);
        }

        return start > long.MaxValue || bytes > int.MaxValue
            ? throw new FormatException($"its directory claims {bytes} bytes from byte {start} on")
            : ((long)start, (int)bytes, count);
    }

    private static (ulong Count, ulong Bytes, ulong Start) Locate64(ZipBytes file, long end)
    {
        ReadOnlySpan<byte> locator = file.At(end - Locator64Bytes, Locator64Bytes, "the place of its 64-bit directory");
        ulong place = ReadUInt64LittleEndian(locator[8..]);
        if (ReadUInt32LittleEndian(locator) != Locator64Signature || place > long.MaxValue)
        {
            throw new FormatException("the place of its 64-bit directory is missing");
        }

        ReadOnlySpan<byte> record = file.At((long)place, End64Bytes, "its 64-bit directory");
        return ReadUInt32LittleEndian(record) == End64Signature
            ? (ReadUInt64LittleEndian(record[32..]), ReadUInt64LittleEndian(record[40..]), ReadUInt64LittleEndian(record[48..]))
            : throw new FormatException("its 64-bit directory is not where it says");
    }

    private static (ZipEntry Entry, long Header, int Used) ReadEntry(ZipBytes file, ReadOnlySpan<byte> directory)
    {
        if (directory.Length < CentralBytes || ReadUInt32LittleEndian(directory) != CentralSignature)
        {
            throw new FormatException("its directory is damaged");
        }

        (ushort flags, ushort method, ushort nameBytes, ushort extraBytes) = (ReadUInt16LittleEndian(directory[8..]), ReadUInt16LittleEndian(directory[10..]), ReadUInt16LittleEndian(directory[28..]), ReadUInt16LittleEndian(directory[30..]));
        int used = CentralBytes + nameBytes + extraBytes + ReadUInt16LittleEndian(directory[32..]);
        if (used > directory.Length)
        {
            throw new FormatException("its directory is damaged");
        }

        string name = Encoding.UTF8.GetString(directory.Slice(CentralBytes, nameBytes));
        if ((flags & EncryptedFlag) != 0 || method is not Stored and not Deflated)
        {
            throw new FormatException($"{Quote.Name(name)} in it is {((flags & EncryptedFlag) != 0 ? "encrypted" : $"compressed by method {method}")}; stored or deflated was expected");
        }

        Span<ulong> sizes = [ReadUInt32LittleEndian(directory[24..]), ReadUInt32LittleEndian(directory[20..]), ReadUInt32LittleEndian(directory[42..])];
        Widen(directory.Slice(CentralBytes + nameBytes, extraBytes), sizes, name);
        if (sizes[1] > (ulong)file.Length || sizes[2] > (ulong)file.Length || sizes[0] > sizes[1] * (method == Deflated ? LargestRatio : 1))
        {
            throw new FormatException($"{Quote.Name(name)} claims {sizes[0]} bytes in {sizes[1]}, more than can be there");
        }

        (long length, long stored, long header) = ((long)sizes[0], (long)sizes[1], (long)sizes[2]);
        ReadOnlySpan<byte> local = file.At(header, LocalBytes, $"the header of {Quote.Name(name)}");
        if (ReadUInt32LittleEndian(local) != LocalSignature || ReadUInt16LittleEndian(local[8..]) != method || (method == Stored && length != stored))
        {
            throw new FormatException($"{Quote.Name(name)} is not where its directory says, or not as it says");
        }

        long start = header + LocalBytes + ReadUInt16LittleEndian(local[26..]) + ReadUInt16LittleEndian(local[28..]);
        file.Require(start, stored, Quote.Name(name));
        return (new ZipEntry(name, start, stored, length, method == Deflated), header, used);
    }

    // Sizes of 2³² - 1 stand in a field of their own, those alone and in this order.
    private static void Widen(ReadOnlySpan<byte> extra, Span<ulong> sizes, string name)
    {
        while (extra.Length >= 4)
        {
            (ushort field, ushort bytes) = (ReadUInt16LittleEndian(extra), ReadUInt16LittleEndian(extra[2..]));
            extra = extra[4..];
            if (bytes > extra.Length)
            {
                return;
            }

            ReadOnlySpan<byte> values = extra[..bytes];
            extra = extra[bytes..];
            for (int i = 0; field == Zip64Field && i < sizes.Length; i++)
            {
                if (sizes[i] == uint.MaxValue)
                {
                    sizes[i] = values.Length >= sizeof(ulong) ? ReadUInt64LittleEndian(values) : throw new FormatException($"the 64-bit sizes of {Quote.Name(name)} are missing");
                    values = values[sizeof(ulong)..];
                }
            }
        }
    }
}
