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

    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        float scale = HalfFormat.Read(block);
        ref sbyte grid = ref BlockBits.Start(Grids.ThreeBitXxs);
        for (int group = 0; group < 8; group++)
        {
            uint signs = Unsafe.ReadUnaligned<uint>(block + 66 + (4 * group));
            scales[group] = scale * (0.5f + (signs >> 28)) * 0.5f;
            for (int part = 0; part < 2; part++)
            {
                byte* points = block + 2 + (8 * group) + (4 * part);
                Vector128<byte> mask = BlockBits.Spread(BlockBits.WithParity(signs >> (14 * part)), BlockBits.WithParity(signs >> (14 * part + 7)));
                Vector128<sbyte> values = Vector128.Create(
                    BlockBits.Four(ref grid, points[0]) | (BlockBits.Four(ref grid, points[1]) << 32),
                    BlockBits.Four(ref grid, points[2]) | (BlockBits.Four(ref grid, points[3]) << 32)).AsSByte();
                BlockBits.Negate(values, mask).Store(q + (32 * group) + (16 * part));
            }
        }
    }
}
