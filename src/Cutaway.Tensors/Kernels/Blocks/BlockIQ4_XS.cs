using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>IQ4_XS: a half; the upper pairs of bits, then the nibbles, of eight scales that are 32 too large; 128 bytes of nibbles that choose from uneven levels.</summary>
internal readonly unsafe struct BlockIQ4_XS : IGroupedBlock
{
    public static int Bytes => 136;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        float scale = HalfFormat.Read(block);
        uint upper = Unsafe.ReadUnaligned<ushort>(block + 2);
        uint lower = Unsafe.ReadUnaligned<uint>(block + 4);
        for (int group = 0; group < 8; group++)
        {
            uint six = ((lower >> (4 * group)) & 15) | (((upper >> (2 * group)) & 3) << 4);
            scales[group] = scale * ((int)six - 32);
            Levels.Choose(Levels.Uneven, block + 8 + (16 * group), q + (32 * group));
        }
    }
}
