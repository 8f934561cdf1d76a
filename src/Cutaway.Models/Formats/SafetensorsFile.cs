using System.Buffers.Binary;
using System.Text.Json;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>
/// A mapped safetensors file: eight bytes of header length, a JSON header, and the tensors' bytes without gaps or overlaps.
/// The whole header is checked when the file is opened; tensors are read when they are used.
/// </summary>
public sealed unsafe class SafetensorsFile : ITensorSource
{
    /// <summary>The longest header that is accepted, as in the format's own reader.</summary>
    private const long LongestHeader = 100_000_000;

    private const int PrefixBytes = 8;

    private SafetensorsFile(string path, Dictionary<string, StoredTensor> tensors, Dictionary<string, string> metadata)
    {
        Path = path;
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>The texts under <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps and checks a file.</summary>
    /// <exception cref="CutawayException">The file cannot be read, or is not a valid safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        SafetensorsFile opened = Read(file, file.Pointer, file.Length, path);
        GC.KeepAlive(file);
        return opened;
    }

    /// <summary>Checks a file's bytes, which are copied to memory of the file's own.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="CutawayException">It is not a valid safetensors file.</exception>
    public static SafetensorsFile FromBytes(ReadOnlySpan<byte> bytes, string name)
    {
        NativeBuffer<byte> memory = new(bytes.Length);
        bytes.CopyTo(memory.Span);
        return Read(memory, memory.Pointer, memory.Length, name);
    }

    /// <summary>Checks a file that is in memory; <paramref name="owner"/> keeps that memory alive.</summary>
    internal static SafetensorsFile Read(object owner, byte* data, long length, string path)
    {
        if (length < PrefixBytes)
        {
            throw Broken(path, $"it has {length} bytes, fewer than the {PrefixBytes} of a header length");
        }

        ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(data, PrefixBytes));
        if (claimed > LongestHeader || (long)claimed > length - PrefixBytes)
        {
            throw Broken(path, $"its header claims {claimed} bytes, but the file has {length}");
        }

        SafetensorsHeader header;
        try
        {
            header = SafetensorsHeader.Parse(new ReadOnlySpan<byte>(data + PrefixBytes, (int)claimed));
        }
        catch (FormatException error)
        {
            throw Broken(path, error.Message, error);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Broken(path, "its header is not valid JSON", error);
        }

        long dataStart = PrefixBytes + (long)claimed;
        CheckPlaces(header.Entries, length - dataStart, path);
        Dictionary<string, StoredTensor> tensors = new(header.Entries.Count, StringComparer.Ordinal);
        foreach (SafetensorsHeader.Entry entry in header.Entries)
        {
            tensors.Add(entry.Name, new StoredTensor(entry.Name, entry.Type, entry.Shape, owner, data + dataStart + entry.Begin, path));
        }

        return new SafetensorsFile(path, tensors, header.Metadata);
    }

    /// <summary>Tensors must follow one another from the first byte to the last, as the format demands.</summary>
    private static void CheckPlaces(List<SafetensorsHeader.Entry> entries, long dataBytes, string path)
    {
        SafetensorsHeader.Entry[] ordered = [.. entries];
        Array.Sort(ordered, (left, right) => (left.Begin, left.End).CompareTo((right.Begin, right.End)));
        long end = 0;
        foreach (SafetensorsHeader.Entry entry in ordered)
        {
            if (entry.End > dataBytes)
            {
                throw Broken(path, $"tensor {Quote.Name(entry.Name)} ends at byte {entry.End} of {dataBytes}: the file is cut short or damaged");
            }

            if (entry.Begin != end)
            {
                string what = entry.Begin < end ? "overlaps the tensor before it" : "leaves a gap before it";
                throw Broken(path, $"tensor {Quote.Name(entry.Name)} {what} (it begins at byte {entry.Begin}, expected {end})");
            }

            end = entry.End;
        }

        if (end != dataBytes)
        {
            throw Broken(path, $"{dataBytes - end} bytes follow the last tensor");
        }
    }

    private static CutawayException Broken(string path, string what, Exception? inner = null) =>
        CutawayException.Model($"{path} is not a valid safetensors file: {what}", inner);
}
