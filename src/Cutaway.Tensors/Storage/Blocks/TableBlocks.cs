using System.Buffers.Binary;

namespace Cutaway.Tensors.Storage.Blocks;

/// <summary>Blocks of 4-bit indices into sixteen levels: the uneven ones of IQ4, and the doubled FP4 (E2M1) numbers of MXFP4 and NVFP4.</summary>
internal static class TableBlocks
{
    private static ReadOnlySpan<sbyte> Uneven => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    private static ReadOnlySpan<sbyte> DoubledFp4 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>Scale, 16 bytes.</summary>
    public static void IQ4_NL(ReadOnlySpan<byte> block, Span<float> values) =>
        Put((float)BinaryPrimitives.ReadHalfLittleEndian(block), Uneven, block[2..], values);

    /// <summary>Scale; high 2 bits, then low 4 bits of 8 scales; 128 bytes.</summary>
    public static void IQ4_XS(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        int high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (int group = 0; group < 8; group++)
        {
            int low = (block[4 + (group / 2)] >> (4 * (group % 2))) & 15;
            int groupScale = (low | (((high >> (2 * group)) & 3) << 4)) - 32;
            Put(scale * groupScale, Uneven, block.Slice(8 + (16 * group), 16), values.Slice(32 * group, 32));
        }
    }

    /// <summary>A power of two (E8M0) as scale, 16 bytes.</summary>
    public static void MXFP4(ReadOnlySpan<byte> block, Span<float> values)
    {
        // Half of 2^(e - 127), because the levels are doubled; the two smallest are subnormal.
        int exponent = block[0];
        float scale = BitConverter.Int32BitsToSingle(exponent < 2 ? 0x00200000 << exponent : (exponent - 1) << 23);
        Put(scale, DoubledFp4, block[1..], values);
    }

    /// <summary>Four scales (unsigned E4M3) for 16 values each, then 8 bytes for each.</summary>
    public static void NVFP4(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (int group = 0; group < 4; group++)
        {
            float scale = (block[group] & 0x7F) == 0x7F ? 0 : SmallFloats.E4M3(block[group] & 0x7F) * 0.5f;
            Put(scale, DoubledFp4, block.Slice(4 + (8 * group), 8), values.Slice(16 * group, 16));
        }
    }

    private static void Put(float scale, ReadOnlySpan<sbyte> levels, ReadOnlySpan<byte> indices, Span<float> values)
    {
        int half = values.Length / 2;
        for (int i = 0; i < half; i++)
        {
            values[i] = scale * levels[indices[i] & 15];
            values[i + half] = scale * levels[indices[i] >> 4];
        }
    }
}
