using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>IQ2_XS: a half; 32 words of point number (9 bits) and sign set (7 bits); 16 scales of 4 bits.</summary>
internal readonly unsafe struct BlockIQ2_XS : IGroupedBlock
{
    public static int Bytes => 74;

    public static int Values => 256;

    public static int GroupSize => 16;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        BlockBits.QuarterScales(HalfFormat.Read(block), block + 66, scales);
        ref ulong masks = ref SignSets.Seven;
        ref sbyte grid = ref BlockBits.Start(Grids.TwoBitXs);
        for (int group = 0; group < 16; group++)
        {
            uint words = Unsafe.ReadUnaligned<uint>(block + 2 + (4 * group));
            ulong first = BlockBits.Eight(ref grid, (int)(words & 511));
            ulong second = BlockBits.Eight(ref grid, (int)((words >> 16) & 511));
            SignSets.Apply(first, second, ref masks, (words >> 9) & 127, words >> 25).Store(q + (16 * group));
        }
    }
}
