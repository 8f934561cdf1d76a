using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// IQ1_S: a half; 32 low bytes of point numbers; for each 32 values a word of high bits (3 each), scale (3 bits) and the
/// sign of an eighth that is added to every coordinate.
/// </summary>
/// <remarks>q counts eighths: 8 · coordinate ± 1, with an eighth of the scale, which is exact for what halves and 3 bits make.</remarks>
internal readonly unsafe struct BlockIQ1_S : IGroupedBlock
{
    public static int Bytes => 50;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        float scale = HalfFormat.Read(block);
        ref sbyte grid = ref BlockBits.Start(Grids.OneBit);
        for (int group = 0; group < 8; group++)
        {
            int word = Unsafe.ReadUnaligned<ushort>(block + 34 + (2 * group));
            byte* low = block + 2 + (4 * group);
            scales[group] = scale * ((2 * ((word >> 12) & 7)) + 1) * 0.125f;
            Vector128<sbyte> shift = Vector128.Create((sbyte)((word & 0x8000) == 0 ? 1 : -1));
            Eighths(ref grid, low[0] | ((word & 7) << 8), low[1] | ((word << 5) & 0x700), shift).Store(q + (32 * group));
            Eighths(ref grid, low[2] | ((word << 2) & 0x700), low[3] | ((word >> 1) & 0x700), shift).Store(q + (32 * group) + 16);
        }
    }

    /// <summary>8 · the coordinates of two points, and a shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Eighths(ref sbyte grid, int first, int second, Vector128<sbyte> shift)
    {
        Vector128<ushort> points = Vector128.Create(BlockBits.Eight(ref grid, first), BlockBits.Eight(ref grid, second)).AsUInt16();
        return ((points << 3).AsByte() & Vector128.Create((byte)0xF8)).AsSByte() + shift;
    }
}
