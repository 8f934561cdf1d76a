using System.Buffers.Binary;

namespace Cutaway.Tensors.Storage.Blocks;

/// <summary>Super-blocks of 256 values of about -1, 0, 1: code book points shifted by an eighth (IQ1), or plain ternary digits (TQ).</summary>
internal static class TernaryBlocks
{
    private const float Shift = 0.125f;

    /// <summary>Scale; 32 low bytes of point numbers; for each 32 values a word of high bits (3 each), scale (3 bits) and the shift's sign.</summary>
    public static void IQ1_S(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int part = 0; part < 32; part++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(block[(34 + (2 * (part / 4)))..]);
            int point = block[2 + part] | (((word >> (3 * (part % 4))) & 7) << 8);
            float groupScale = scale * ((2 * ((word >> 12) & 7)) + 1);
            Put(groupScale, point, (word & 0x8000) == 0 ? Shift : -Shift, values.Slice(8 * part, 8));
        }
    }

    /// <summary>32 low bytes of point numbers; 32 nibbles of high bits and the shift's sign; 16 scales of 3 bits in four words, whose highest nibbles are the scale's.</summary>
    public static void IQ1_M(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<byte> scales = block[48..];
        int bits = 0;
        for (int word = 0; word < 4; word++)
        {
            bits |= BinaryPrimitives.ReadUInt16LittleEndian(scales[(2 * word)..]) >> 12 << (4 * word);
        }

        float scale = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
        for (int part = 0; part < 32; part++)
        {
            int nibble = block[32 + (part / 2)] >> (4 * (part % 2));
            int point = block[part] | ((nibble & 7) << 8);
            int word = BinaryPrimitives.ReadUInt16LittleEndian(scales[(2 * (part / 8))..]);
            float groupScale = scale * ((2 * ((word >> (3 * (part % 8 / 2))) & 7)) + 1);
            Put(groupScale, point, (nibble & 8) == 0 ? Shift : -Shift, values.Slice(8 * part, 8));
        }
    }

    /// <summary>Five digits a byte in 48 bytes (32, then 16), four digits a byte in 4 bytes, scale. A byte is the digits' fraction of 3⁵, scaled to 256 and rounded up.</summary>
    public static void TQ1_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[52..]);
        int next = 0;
        foreach ((int start, int count, int digits) in (ReadOnlySpan<(int, int, int)>)[(0, 32, 5), (32, 16, 5), (48, 4, 4)])
        {
            byte power = 1;
            for (int digit = 0; digit < digits; digit++, power *= 3)
            {
                for (int i = 0; i < count; i++)
                {
                    int rest = (byte)(block[start + i] * power);
                    values[next++] = ((rest * 3 >> 8) - 1) * scale;
                }
            }
        }
    }

    /// <summary>64 bytes of 2-bit digits, scale.</summary>
    public static void TQ2_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[64..]);
        for (int i = 0; i < 256; i++)
        {
            int digit = (block[(32 * (i / 128)) + (i % 32)] >> (2 * (i % 128 / 32))) & 3;
            values[i] = (digit - 1) * scale;
        }
    }

    private static void Put(float scale, int point, float shift, Span<float> values)
    {
        ReadOnlySpan<sbyte> grid = Grids.OneBit.Slice(8 * point, 8);
        for (int i = 0; i < grid.Length; i++)
        {
            values[i] = scale * (grid[i] + shift);
        }
    }
}
