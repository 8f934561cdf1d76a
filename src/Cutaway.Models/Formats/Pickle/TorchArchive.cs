using System.Text;
using Cutaway.Models.Formats.Zip;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>The zip layout of PyTorch 1.6 and later: <c>NAME/data.pkl</c>, <c>NAME/data/KEY</c> for each storage, <c>NAME/byteorder</c>.</summary>
internal static unsafe class TorchArchive
{
    private const string Pickle = "data.pkl";

    /// <summary>More than the pickle of any checkpoint, whose tensors lie beside it.</summary>
    private const int LongestPickle = 64 << 20;

    /// <summary>Reads the pickle; storages stay where they are.</summary>
    /// <exception cref="FormatException">The file is damaged, or would run code.</exception>
    public static TorchContent Read(ZipContent zip)
    {
        ZipEntry[] pickles = [.. zip.Entries.Where(entry => entry.Name == Pickle || entry.Name.EndsWith("/" + Pickle, StringComparison.Ordinal))];
        if (pickles is not [ZipEntry pickle])
        {
            throw new FormatException($"the zip file holds {(pickles.Length == 0 ? "no" : "several")} {Pickle}");
        }

        string folder = pickle.Name[..^Pickle.Length];
        if (zip.Find(folder + "constants.pkl") is not null)
        {
            throw new FormatException("it is a TorchScript program, which is code; save the model's state dictionary instead");
        }

        if (zip.Find(folder + "byteorder") is { } order && Encoding.Latin1.GetString(Bytes(zip, order, 16)) is not "little" and string found)
        {
            throw new FormatException($"its numbers are stored {Quote.Name(found)} byte first; 'little' was expected. Save it again on another machine");
        }

        Dictionary<string, TorchStorage> storages = new(StringComparer.Ordinal);
        PickleMachine machine = new(id => Known(storages, TorchStorage.Read(id)));
        object? root = machine.Read(Bytes(zip, pickle, LongestPickle), out _);
        GC.KeepAlive(zip);
        return new TorchContent(root, storage =>
        {
            ZipEntry entry = zip.Find($"{folder}data/{storage.Key}") ?? throw new FormatException($"the storage {Quote.Name(storage.Key)} is not in the zip file");
            return entry.Length == storage.ByteLength
                ? zip.Open(entry)
                : throw new FormatException($"the storage {Quote.Name(storage.Key)} has {entry.Length} bytes; its pickle says {storage.ByteLength}");
        });
    }

    /// <summary>The storage of a key, which must be described alike wherever it is used.</summary>
    internal static TorchStorage Known(Dictionary<string, TorchStorage> storages, TorchStorage storage)
    {
        if (storage.Whole is { } whole)
        {
            Known(storages, whole);
        }

        return storages.TryAdd(storage.Key, storage) || storages[storage.Key] == storage
            ? storage
            : throw new FormatException($"its pickle describes the storage {Quote.Name(storage.Key)} in two ways");
    }

    private static ReadOnlySpan<byte> Bytes(ZipContent zip, ZipEntry entry, int longest) => entry.Length <= longest
        ? new ReadOnlySpan<byte>((byte*)zip.Open(entry).Data, (int)entry.Length)
        : throw new FormatException($"{Quote.Name(entry.Name)} has {entry.Length} bytes; at most {longest} were expected");
}
