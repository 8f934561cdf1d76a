using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>TQ2_0: 64 bytes of pairs of bits, one too large, and a half.</summary>
internal readonly unsafe struct BlockTQ2_0 : IGroupedBlock
{
    public static int Bytes => 66;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        Vector128<float> scale = Vector128.Create(HalfFormat.Read(block + 64));
        scale.Store(scales);
        scale.Store(scales + 4);
        BlockBits.Pairs(block, q, -1);
    }
}
