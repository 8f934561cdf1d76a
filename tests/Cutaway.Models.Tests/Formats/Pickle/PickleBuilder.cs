using System.IO.Compression;
using System.Text;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>Puts pickles together opcode by opcode, also hostile ones, and files of PyTorch around them.</summary>
internal sealed class PickleBuilder
{
    private readonly List<byte> bytes = [];

    /// <summary>Starts a pickle of a protocol.</summary>
    public PickleBuilder(byte protocol = 2) => Raw(0x80, protocol);

    /// <summary>Bytes as they are: opcodes and their arguments.</summary>
    public PickleBuilder Raw(params byte[] values)
    {
        bytes.AddRange(values);
        return this;
    }

    /// <summary>Opcodes without arguments, as characters.</summary>
    public PickleBuilder Ops(string codes) => Raw(Encoding.Latin1.GetBytes(codes));

    /// <summary>A name by the opcode GLOBAL.</summary>
    public PickleBuilder Global(string module, string name) => Ops($"c{module}\n{name}\n");

    /// <summary>A text.</summary>
    public PickleBuilder Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Ops("X").Raw(BitConverter.GetBytes(utf8.Length)).Raw(utf8);
    }

    /// <summary>A whole number.</summary>
    public PickleBuilder Number(long value) => value is >= int.MinValue and <= int.MaxValue
        ? Ops("J").Raw(BitConverter.GetBytes((int)value))
        : Raw(0x8a, 8).Raw(BitConverter.GetBytes(value));

    /// <summary>A tuple of whole numbers.</summary>
    public PickleBuilder Numbers(params long[] values) => values.Aggregate(Ops("("), (builder, value) => builder.Number(value)).Ops("t");

    /// <summary>A storage by persistent id.</summary>
    public PickleBuilder Storage(string type, string key, long count) =>
        Ops("(").Text("storage").Global("torch", type).Text(key).Text("cpu").Number(count).Ops("tQ");

    /// <summary>A tensor, as <c>torch.save</c> of today describes it.</summary>
    public PickleBuilder Tensor(string storageType, string key, long count, long offset, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Ops("(").Storage(storageType, key, count).Number(offset).Numbers(shape).Numbers(strides)
            .Raw(0x89).Global("collections", "OrderedDict").Ops(")RtR");

    /// <summary>The pickle, ended.</summary>
    public byte[] ToArray() => [.. bytes, (byte)'.'];

    /// <summary>A dictionary with one tensor 'w' that a pickle describes.</summary>
    public static byte[] OneTensor(Func<PickleBuilder, PickleBuilder> tensor) => tensor(new PickleBuilder().Ops("}").Text("w")).Ops("s").ToArray();

    /// <summary>A zip file of PyTorch around a pickle, and other files.</summary>
    public static byte[] Zip(byte[] pickle, params (string Name, byte[] Content)[] files)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files.Prepend(("m/data.pkl", pickle)))
            {
                using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    /// <summary>A legacy file around a pickle: storages by key, as their number of elements and their bytes.</summary>
    public static byte[] Legacy(byte[] pickle, bool littleEndian, params (string Key, long Count, byte[] Content)[] storages)
    {
        byte[] magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
        PickleBuilder keys = new PickleBuilder().Ops("](");
        foreach ((string key, _, _) in storages)
        {
            keys.Text(key);
        }

        return
        [
            .. new PickleBuilder().Raw(0x8a, 10).Raw(magic).ToArray(),
            .. new PickleBuilder().Number(1001).ToArray(),
            .. new PickleBuilder().Ops("}").Text("little_endian").Raw(littleEndian ? (byte)0x88 : (byte)0x89).Ops("s").ToArray(),
            .. pickle,
            .. keys.Ops("e").ToArray(),
            .. storages.SelectMany(storage => BitConverter.GetBytes(storage.Count).Concat(storage.Content)),
        ];
    }
}
