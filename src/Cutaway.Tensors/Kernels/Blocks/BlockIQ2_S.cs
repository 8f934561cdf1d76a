using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>IQ2_S: a half; 32 low bytes of point numbers; 32 sign sets; 8 bytes of high bits of point numbers, two each; 16 scales of 4 bits.</summary>
internal readonly unsafe struct BlockIQ2_S : IGroupedBlock
{
    public static int Bytes => 82;

    public static int Values => 256;

    public static int GroupSize => 16;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        BlockBits.QuarterScales(HalfFormat.Read(block), block + 74, scales);
        ref ulong masks = ref SignSets.Eight;
        ref sbyte grid = ref BlockBits.Start(Grids.TwoBitS);
        for (int group = 0; group < 16; group++)
        {
            int upper = block[66 + (group / 2)] >> (4 * (group % 2));
            int first = block[2 + (2 * group)] | ((upper & 3) << 8);
            int second = block[3 + (2 * group)] | ((upper & 12) << 6);
            byte* signs = block + 34 + (2 * group);
            SignSets.Apply(BlockBits.Eight(ref grid, first), BlockBits.Eight(ref grid, second), ref masks, signs[0], signs[1]).Store(q + (16 * group));
        }
    }
}
