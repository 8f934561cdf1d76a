using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>IQ4_NL: a half, 16 bytes of nibbles that choose from uneven levels.</summary>
internal readonly unsafe struct BlockIQ4_NL : IGroupedBlock
{
    public static int Bytes => 18;

    public static int Values => 32;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        scales[0] = HalfFormat.Read(block);
        Levels.Choose(Levels.Uneven, block + 2, q);
    }
}
