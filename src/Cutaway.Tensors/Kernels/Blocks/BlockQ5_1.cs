using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q5_1: a scale and a minimum, which is added, then as <see cref="BlockQ5_0"/>; value = scale · q + minimum.</summary>
internal readonly unsafe struct BlockQ5_1 : IGroupedBlock
{
    public static int Bytes => 24;

    public static int Values => 32;

    public static int GroupSize => 32;

    public static bool HasMinima => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        scales[0] = HalfFormat.Read(block);
        minima[0] = -HalfFormat.Read(block + 2);
        BlockQ5_0.Five(block + 4, q, 0);
    }
}
