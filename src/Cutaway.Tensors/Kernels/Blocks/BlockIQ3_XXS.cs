using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>IQ3_XXS: a half; 64 numbers of points of four values; for each 32 values four sign sets of 7 bits and a scale of 4 bits.</summary>
internal readonly unsafe struct BlockIQ3_XXS : IGroupedBlock
{
    public static int Bytes => 98;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        float scale = HalfFormat.Read(block);
        ref ulong masks = ref SignSets.Seven;
        ref sbyte grid = ref BlockBits.Start(Grids.ThreeBitXxs);
        for (int group = 0; group < 8; group++)
        {
            uint signs = Unsafe.ReadUnaligned<uint>(block + 66 + (4 * group));
            scales[group] = scale * (0.5f + (signs >> 28)) * 0.5f;
            for (int part = 0; part < 2; part++)
            {
                byte* points = block + 2 + (8 * group) + (4 * part);
                ulong first = BlockBits.Four(ref grid, points[0]) | (BlockBits.Four(ref grid, points[1]) << 32);
                ulong second = BlockBits.Four(ref grid, points[2]) | (BlockBits.Four(ref grid, points[3]) << 32);
                SignSets.Apply(first, second, ref masks, (signs >> (14 * part)) & 127, (signs >> ((14 * part) + 7)) & 127).Store(q + (32 * group) + (16 * part));
            }
        }
    }
}
