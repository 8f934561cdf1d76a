using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>NVFP4: four scales (unsigned E4M3) of 16 values, then for each 8 bytes of FP4 numbers: eight low nibbles, eight high ones.</summary>
internal readonly unsafe struct BlockNVFP4 : IGroupedBlock
{
    public static int Bytes => 36;

    public static int Values => 64;

    public static int GroupSize => 16;

    public static bool HasMinima => false;

    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        for (int group = 0; group < 4; group++)
        {
            // Half, because the levels are doubled; what would be NaN is zero.
            int bits = block[group] & 0x7F;
            scales[group] = bits == 0x7F ? 0 : SmallFloats.E4M3(bits) * 0.5f;
            ulong bytes = Unsafe.ReadUnaligned<ulong>(block + 4 + (8 * group));
            Vector128<byte> indices = BlockBits.Low(Vector128.Create(bytes, bytes >> 4).AsByte());
            Vector128.Shuffle(Levels.DoubledFp4, indices.AsSByte()).Store(q + (16 * group));
        }
    }
}
