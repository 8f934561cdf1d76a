using System.Buffers.Binary;

namespace Cutaway.Tensors.Storage.Blocks;

/// <summary>
/// Blocks of 32 values with one scale, and a minimum in the types that end in _1. Low halves of the bytes hold the first
/// sixteen values, high halves the others; a fifth bit, where there is one, comes from a word of 32 bits.
/// </summary>
internal static class LegacyBlocks
{
    private const int Half = 16;

    public static void Q4_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int i = 0; i < Half; i++)
        {
            int pair = block[2 + i];
            values[i] = scale * ((pair & 15) - 8);
            values[i + Half] = scale * ((pair >> 4) - 8);
        }
    }

    public static void Q4_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]);
        for (int i = 0; i < Half; i++)
        {
            int pair = block[4 + i];
            values[i] = (scale * (pair & 15)) + minimum;
            values[i + Half] = (scale * (pair >> 4)) + minimum;
        }
    }

    public static void Q5_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        for (int i = 0; i < Half; i++)
        {
            int pair = block[6 + i];
            values[i] = scale * (((pair & 15) | FifthBit(high, i)) - 16);
            values[i + Half] = scale * (((pair >> 4) | FifthBit(high, i + Half)) - 16);
        }
    }

    public static void Q5_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]);
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        for (int i = 0; i < Half; i++)
        {
            int pair = block[8 + i];
            values[i] = (scale * ((pair & 15) | FifthBit(high, i))) + minimum;
            values[i + Half] = (scale * ((pair >> 4) | FifthBit(high, i + Half))) + minimum;
        }
    }

    public static void Q8_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int i = 0; i < 2 * Half; i++)
        {
            values[i] = scale * (sbyte)block[2 + i];
        }
    }

    private static int FifthBit(uint bits, int index) => (int)((bits >> index) & 1) << 4;
}
