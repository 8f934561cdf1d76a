using System.Buffers.Binary;

namespace Cutaway.Tensors.Storage.Blocks;

/// <summary>Super-blocks of 256 values: groups of 16 or 32 have quantised scales (and minima), which one or two halves scale in turn.</summary>
internal static class KBlocks
{
    /// <summary>16 bytes of scale and minimum (4 bits each) for groups of 16, 64 bytes of 2-bit values, scale, scale of minima.</summary>
    public static void Q2_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[80..]);
        float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[82..]);
        for (int group = 0; group < 16; group++)
        {
            float groupScale = scale * (block[group] & 15);
            float groupMinimum = minimum * (block[group] >> 4);
            ReadOnlySpan<byte> bytes = block[16..].Slice(TwoBitStart(group), 16);
            int shift = TwoBitShift(group);
            for (int i = 0; i < 16; i++)
            {
                values[(16 * group) + i] = (groupScale * ((bytes[i] >> shift) & 3)) - groupMinimum;
            }
        }
    }

    /// <summary>32 bytes of third bits, 64 bytes of 2-bit values, 16 scales of 6 bits in 12 bytes, scale.</summary>
    public static void Q3_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<byte> scales = block.Slice(96, 12);
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[108..]);
        for (int group = 0; group < 16; group++)
        {
            int low = group < 8 ? scales[group] & 15 : scales[group - 8] >> 4;
            int high = (scales[8 + (group % 4)] >> (2 * (group / 4))) & 3;
            float groupScale = scale * ((low | (high << 4)) - 32);
            ReadOnlySpan<byte> bytes = block[32..].Slice(TwoBitStart(group), 16);
            int shift = TwoBitShift(group);
            ReadOnlySpan<byte> third = block.Slice(16 * (group % 2), 16);
            for (int i = 0; i < 16; i++)
            {
                int isHigh = (third[i] >> (group / 2)) & 1;
                values[(16 * group) + i] = groupScale * (((bytes[i] >> shift) & 3) - (4 * (1 - isHigh)));
            }
        }
    }

    /// <summary>Scale, scale of minima, 8 scales and minima of 6 bits in 12 bytes, 128 bytes of 4-bit values.</summary>
    public static void Q4_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (int group = 0; group < 8; group++)
        {
            (float scale, float minimum) = ScaleAndMinimum(block, group);
            ReadOnlySpan<byte> bytes = block[16..].Slice(32 * (group / 2), 32);
            int shift = 4 * (group % 2);
            for (int i = 0; i < 32; i++)
            {
                values[(32 * group) + i] = (scale * ((bytes[i] >> shift) & 15)) - minimum;
            }
        }
    }

    /// <summary>As <see cref="Q4_K"/> with 32 bytes of fifth bits before the values.</summary>
    public static void Q5_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<byte> fifth = block.Slice(16, 32);
        for (int group = 0; group < 8; group++)
        {
            (float scale, float minimum) = ScaleAndMinimum(block, group);
            ReadOnlySpan<byte> bytes = block[48..].Slice(32 * (group / 2), 32);
            int shift = 4 * (group % 2);
            for (int i = 0; i < 32; i++)
            {
                int value = ((bytes[i] >> shift) & 15) | (((fifth[i] >> group) & 1) << 4);
                values[(32 * group) + i] = (scale * value) - minimum;
            }
        }
    }

    /// <summary>128 bytes of low 4 bits, 64 bytes of high 2 bits, 16 signed scales of 8 bits, scale.</summary>
    public static void Q6_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[208..]);
        for (int group = 0; group < 16; group++)
        {
            // Each half of 128 values is four runs of 32: low nibbles of 64 bytes, then their high nibbles.
            (int half, int run, int start) = (group / 8, group % 8 / 2, 16 * (group % 2));
            ReadOnlySpan<byte> low = block.Slice((64 * half) + (32 * (run % 2)) + start, 16);
            ReadOnlySpan<byte> high = block.Slice(128 + (32 * half) + start, 16);
            float groupScale = scale * (sbyte)block[192 + group];
            for (int i = 0; i < 16; i++)
            {
                int value = ((low[i] >> (4 * (run / 2))) & 15) | (((high[i] >> (2 * run)) & 3) << 4);
                values[(16 * group) + i] = groupScale * (value - 32);
            }
        }
    }

    // 2-bit values: each half of 128 lies in 32 bytes, its four runs of 32 one above the other.
    private static int TwoBitStart(int group) => (32 * (group / 8)) + (16 * (group % 2));

    private static int TwoBitShift(int group) => 2 * (group % 8 / 2);

    private static (float Scale, float Minimum) ScaleAndMinimum(ReadOnlySpan<byte> block, int group)
    {
        ReadOnlySpan<byte> packed = block.Slice(4, 12);
        (int scale, int minimum) = group < 4
            ? (packed[group] & 63, packed[group + 4] & 63)
            : ((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));
        return ((float)BinaryPrimitives.ReadHalfLittleEndian(block) * scale, (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]) * minimum);
    }
}
