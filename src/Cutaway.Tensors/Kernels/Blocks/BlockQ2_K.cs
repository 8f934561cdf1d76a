using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q2_K: 16 bytes with a scale and a minimum of four bits each, 64 bytes of pairs of bits, two halves that scale these.</summary>
internal readonly unsafe struct BlockQ2_K : IGroupedBlock
{
    public static int Bytes => 84;

    public static int Values => 256;

    public static int GroupSize => 16;

    public static bool HasMinima => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        Vector128<byte> both = Vector128.Load(block);
        BlockBits.Scale(BlockBits.Low(both).AsSByte(), HalfFormat.Read(block + 80), scales);
        BlockBits.Scale(BlockBits.High(both).AsSByte(), HalfFormat.Read(block + 82), minima);
        BlockBits.Pairs(block + 16, q, 0);
    }
}
