using System.Buffers.Binary;
using System.Numerics;

namespace Cutaway.Tensors.Storage.Blocks;

/// <summary>Super-blocks of 256 values that are points of a code book with signs: IQ2 (eight values a point) and IQ3 (four).</summary>
internal static class GridBlocks
{
    /// <summary>Scale; for each 32 values four point numbers, four sign sets of 7 bits and a scale of 4 bits.</summary>
    public static void IQ2_XXS(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<sbyte> grid = Grids.TwoBitXxs;
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int group = 0; group < 8; group++)
        {
            ReadOnlySpan<byte> points = block[2..].Slice(8 * group, 4);
            uint signs = BinaryPrimitives.ReadUInt32LittleEndian(block[(6 + (8 * group))..]);
            float groupScale = scale * (0.5f + (signs >> 28)) * 0.25f;
            for (int part = 0; part < 4; part++)
            {
                Put(groupScale, grid.Slice(8 * points[part], 8), WithParity(signs >> (7 * part)), values.Slice((32 * group) + (8 * part), 8));
            }
        }
    }

    /// <summary>Scale; 32 words of point number (9 bits) and sign set (7 bits); 16 scales of 4 bits.</summary>
    public static void IQ2_XS(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<sbyte> grid = Grids.TwoBitXs;
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int part = 0; part < 32; part++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(block[(2 + (2 * part))..]);
            float partScale = scale * (0.5f + Nibble(block[66..], part / 2)) * 0.25f;
            Put(partScale, grid.Slice(8 * (word & 511), 8), WithParity((uint)word >> 9), values.Slice(8 * part, 8));
        }
    }

    /// <summary>Scale; 32 low bytes of point numbers; 32 sign sets; 8 bytes of high point bits; 16 scales of 4 bits.</summary>
    public static void IQ2_S(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<sbyte> grid = Grids.TwoBitS;
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int part = 0; part < 32; part++)
        {
            int point = block[2 + part] | (((block[66 + (part / 4)] >> (2 * (part % 4))) & 3) << 8);
            float partScale = scale * (0.5f + Nibble(block[74..], part / 2)) * 0.25f;
            Put(partScale, grid.Slice(8 * point, 8), block[34 + part], values.Slice(8 * part, 8));
        }
    }

    /// <summary>Scale; 64 point numbers; for each 32 values four sign sets of 7 bits and a scale of 4 bits.</summary>
    public static void IQ3_XXS(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<sbyte> grid = Grids.ThreeBitXxs;
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int part = 0; part < 64; part++)
        {
            uint signs = BinaryPrimitives.ReadUInt32LittleEndian(block[(66 + (4 * (part / 8)))..]);
            float groupScale = scale * (0.5f + (signs >> 28)) * 0.5f;
            int pair = WithParity(signs >> (7 * (part % 8 / 2)));
            Put(groupScale, grid.Slice(4 * block[2 + part], 4), pair >> (4 * (part % 2)), values.Slice(4 * part, 4));
        }
    }

    /// <summary>Scale; 64 low bytes of point numbers; 64 high bits; 32 sign sets; 8 scales of 4 bits.</summary>
    public static void IQ3_S(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<sbyte> grid = Grids.ThreeBitS;
        float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (int part = 0; part < 64; part++)
        {
            int point = block[2 + part] | (((block[66 + (part / 8)] >> (part % 8)) & 1) << 8);
            float groupScale = scale * (1 + (2 * Nibble(block[106..], part / 8)));
            Put(groupScale, grid.Slice(4 * point, 4), block[74 + (part / 2)] >> (4 * (part % 2)), values.Slice(4 * part, 4));
        }
    }

    private static void Put(float scale, ReadOnlySpan<sbyte> point, int signs, Span<float> values)
    {
        for (int i = 0; i < point.Length; i++)
        {
            float value = scale * point[i];
            values[i] = ((signs >> i) & 1) == 0 ? value : -value;
        }
    }

    /// <summary>Seven signs are stored; the eighth makes their number even.</summary>
    private static int WithParity(uint signs)
    {
        uint seven = signs & 127;
        return (int)(seven | (((uint)BitOperations.PopCount(seven) & 1) << 7));
    }

    private static int Nibble(ReadOnlySpan<byte> bytes, int index) => (bytes[index / 2] >> (4 * (index % 2))) & 15;
}
