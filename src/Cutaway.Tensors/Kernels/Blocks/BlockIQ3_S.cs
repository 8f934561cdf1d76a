using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>IQ3_S: a half; 64 low bytes of numbers of points of four values; their 64 ninth bits; 32 sign sets; 8 scales of 4 bits.</summary>
internal readonly unsafe struct BlockIQ3_S : IGroupedBlock
{
    public static int Bytes => 110;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        float scale = HalfFormat.Read(block);
        ref ulong masks = ref SignSets.Eight;
        ref sbyte grid = ref BlockBits.Start(Grids.ThreeBitS);
        for (int group = 0; group < 8; group++)
        {
            int ninth = block[66 + group] << 8;
            scales[group] = scale * (1 + (2 * ((block[106 + (group / 2)] >> (4 * (group % 2))) & 15)));
            for (int part = 0; part < 2; part++, ninth >>= 4)
            {
                byte* points = block + 2 + (8 * group) + (4 * part);
                byte* signs = block + 74 + (4 * group) + (2 * part);
                ulong first = BlockBits.Four(ref grid, points[0] | (ninth & 256)) | (BlockBits.Four(ref grid, points[1] | ((ninth >> 1) & 256)) << 32);
                ulong second = BlockBits.Four(ref grid, points[2] | ((ninth >> 2) & 256)) | (BlockBits.Four(ref grid, points[3] | ((ninth >> 3) & 256)) << 32);
                SignSets.Apply(first, second, ref masks, signs[0], signs[1]).Store(q + (32 * group) + (16 * part));
            }
        }
    }
}
