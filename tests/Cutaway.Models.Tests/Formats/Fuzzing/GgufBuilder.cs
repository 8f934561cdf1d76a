using System.Text;

namespace Cutaway.Models.Formats.Fuzzing;

/// <summary>Puts GGUF files together byte by byte, also wrong ones.</summary>
internal sealed class GgufBuilder
{
    private readonly List<byte> values = [];
    private readonly List<byte> infos = [];
    private ulong valueCount;
    private ulong tensorCount;

    public uint Version { get; init; } = 3;

    public ulong? ClaimedValues { get; init; }

    public ulong? ClaimedTensors { get; init; }

    public int DataBytes { get; init; } = 64;

    public GgufBuilder Value(string key, GgufType type, Action<BinaryWriter> content)
    {
        values.AddRange(Written(writer =>
        {
            Text(writer, key);
            writer.Write((uint)type);
            content(writer);
        }));
        valueCount++;
        return this;
    }

    public GgufBuilder List(string key, GgufType type, ulong count, Action<BinaryWriter> content) => Value(key, GgufType.Array, writer =>
    {
        writer.Write((uint)type);
        writer.Write(count);
        content(writer);
    });

    /// <summary>A tensor; extents with the contiguous axis first, as the file has them.</summary>
    public GgufBuilder Tensor(string name, uint type, ulong offset, params ulong[] extents)
    {
        infos.AddRange(Written(writer =>
        {
            Text(writer, name);
            writer.Write((uint)extents.Length);
            foreach (ulong extent in extents)
            {
                writer.Write(extent);
            }

            writer.Write(type);
            writer.Write(offset);
        }));
        tensorCount++;
        return this;
    }

    public byte[] ToBytes(int alignment = 32) => Written(writer =>
    {
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(ClaimedTensors ?? tensorCount);
        writer.Write(ClaimedValues ?? valueCount);
        writer.Write(values.ToArray());
        writer.Write(infos.ToArray());
        while (writer.BaseStream.Length % alignment != 0)
        {
            writer.Write((byte)0);
        }

        writer.Write(new byte[DataBytes]);
    });

    public static void Text(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] Written(Action<BinaryWriter> write)
    {
        MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        write(writer);
        return stream.ToArray();
    }
}
