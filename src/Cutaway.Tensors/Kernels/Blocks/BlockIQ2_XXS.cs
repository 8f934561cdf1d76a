using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>IQ2_XXS: a half; for each 32 values four point numbers, four sign sets of 7 bits and a scale of 4 bits.</summary>
internal readonly unsafe struct BlockIQ2_XXS : IGroupedBlock
{
    public static int Bytes => 66;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        float scale = HalfFormat.Read(block);
        ref ulong masks = ref SignSets.Seven;
        ref sbyte grid = ref BlockBits.Start(Grids.TwoBitXxs);
        for (int group = 0; group < 8; group++)
        {
            byte* points = block + 2 + (8 * group);
            uint signs = Unsafe.ReadUnaligned<uint>(points + 4);
            scales[group] = scale * (0.5f + (signs >> 28)) * 0.25f;
            for (int part = 0; part < 4; part += 2)
            {
                ulong first = BlockBits.Eight(ref grid, points[part]);
                ulong second = BlockBits.Eight(ref grid, points[part + 1]);
                SignSets.Apply(first, second, ref masks, (signs >> (7 * part)) & 127, (signs >> ((7 * part) + 7)) & 127).Store(q + (32 * group) + (8 * part));
            }
        }
    }
}
