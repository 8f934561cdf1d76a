using System.Buffers.Binary;
using System.Text;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>Reads the arguments of opcodes; whatever a length claims, no more is read than is there.</summary>
/// <param name="data">The pickle, and perhaps more behind it.</param>
internal ref struct PickleCursor(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> data = data;

    /// <summary>The next byte's place.</summary>
    public int Position { get; private set; }

    /// <summary>One byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>An unsigned number of two bytes.</summary>
    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>A signed number of four bytes.</summary>
    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    /// <summary>An unsigned number of four bytes.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>An unsigned number of eight bytes.</summary>
    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A double with its highest byte first.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A UTF-8 text of a length.</summary>
    public string Text(ulong length) => Encoding.UTF8.GetString(Take(length));

    /// <summary>A text of Python 2, byte by byte.</summary>
    public string Latin1(ulong length) => Encoding.Latin1.GetString(Take(length));

    /// <summary>A text up to the end of its line.</summary>
    public string Line()
    {
        int end = data[Position..].IndexOf((byte)'\n');
        if (end < 0)
        {
            throw Short();
        }

        string line = Encoding.UTF8.GetString(Take((ulong)end));
        Position++;
        return line;
    }

    /// <summary>Bytes of a length.</summary>
    public ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(data.Length - Position))
        {
            throw Short();
        }

        ReadOnlySpan<byte> taken = data.Slice(Position, (int)length);
        Position += taken.Length;
        return taken;
    }

    private readonly FormatException Short() => new($"its pickle ends within an opcode at byte {Position} of {data.Length}");
}
