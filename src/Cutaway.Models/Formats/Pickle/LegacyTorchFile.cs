using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>
/// The layout before PyTorch 1.6: pickles of a magic number, a version, facts about the machine, the object that was saved
/// and the keys of its storages, then each storage as its number of elements and its bytes.
/// </summary>
internal static unsafe class LegacyTorchFile
{
    private const long Version = 1001;
    private const int LongestPickles = 64 << 20;

    private static readonly BigInteger Magic = BigInteger.Parse("119547037146038801333356", CultureInfo.InvariantCulture);

    /// <summary>Reads the pickles; storages stay where they are.</summary>
    /// <exception cref="FormatException">The file is damaged, or would run code.</exception>
    public static TorchContent Read(object owner, byte* data, long length)
    {
        Dictionary<string, TorchStorage> storages = new(StringComparer.Ordinal);
        PickleMachine machine = new(id => TorchArchive.Known(storages, TorchStorage.Read(id)));
        long position = 0;
        if (Next() is not BigInteger magic || magic != Magic)
        {
            throw new FormatException("it begins neither as a zip file nor with the number of older checkpoints");
        }

        if (Next() is not Version)
        {
            throw new FormatException($"the version of its layout is not {Version}");
        }

        if (Next() is not PickleDictionary machineFacts || machineFacts["little_endian"] is not true)
        {
            throw new FormatException("its numbers are stored with their highest byte first, or it does not say; save it again on another machine");
        }

        object? root = Next();
        PickleList keys = Next() as PickleList ?? throw new FormatException("the list of its storages is missing");
        Dictionary<string, long> places = Places(keys, storages, data, position, length);
        return new TorchContent(root, storage =>
        {
            string key = storage.Whole?.Key ?? storage.Key;
            return places.TryGetValue(key, out long place)
                ? (owner, (nint)(data + place + (storage.Offset * storage.Type.BytesPerBlock())))
                : throw new FormatException($"the storage {Quote.Name(key)} is not in the file");
        });

        object? Next()
        {
            object? value = machine.Read(new ReadOnlySpan<byte>(data + position, (int)Math.Min(length - position, LongestPickles)), out int used);
            position += used;
            return value;
        }
    }

    // Storages follow in the order of their keys.
    private static Dictionary<string, long> Places(PickleList keys, Dictionary<string, TorchStorage> storages, byte* data, long position, long length)
    {
        Dictionary<string, long> places = new(StringComparer.Ordinal);
        foreach (object? item in keys.Items)
        {
            if (item is not string key || !storages.TryGetValue(key, out TorchStorage? storage) || storage.Whole is not null)
            {
                throw new FormatException("its list of storages names one that no tensor uses");
            }

            long start = position + sizeof(long);
            if (start > length || storage.ByteLength > length - start)
            {
                throw new FormatException($"the storage {Quote.Name(key)} of {storage.ByteLength} bytes is beyond its end: the file is cut short or damaged");
            }

            long count = BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(data + position, sizeof(long)));
            if (count != storage.Count || !places.TryAdd(key, start))
            {
                throw new FormatException($"the storage {Quote.Name(key)} has {count} elements; its pickle says {storage.Count}");
            }

            position = start + storage.ByteLength;
        }

        return places;
    }
}
