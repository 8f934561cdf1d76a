using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// IQ1_M: 32 low bytes of point numbers; 32 nibbles of high bits (3) and the sign of the eighth; 16 scales of 3 bits in four
/// words, whose highest nibbles are the half that scales them. q counts eighths, as in <see cref="BlockIQ1_S"/>.
/// </summary>
internal readonly unsafe struct BlockIQ1_M : IGroupedBlock
{
    public static int Bytes => 56;

    public static int Values => 256;

    public static int GroupSize => 16;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        ulong words = Unsafe.ReadUnaligned<ulong>(block + 48);
        int half = (int)(((words >> 12) & 0xF) | ((words >> 24) & 0xF0) | ((words >> 36) & 0xF00) | ((words >> 48) & 0xF000));
        float scale = HalfFormat.Read((byte*)&half);
        ref sbyte grid = ref BlockBits.Start(Grids.OneBit);
        for (int group = 0; group < 16; group++)
        {
            int pair = block[32 + group];
            int three = (int)(words >> ((16 * (group / 4)) + (3 * (group % 4)))) & 7;
            scales[group] = scale * ((2 * three) + 1) * 0.125f;
            Vector128<sbyte> shift = Vector128.Create(Shifts(pair & 8), Shifts((pair >> 4) & 8)).AsSByte();
            int first = block[2 * group] | ((pair << 8) & 0x700);
            int second = block[(2 * group) + 1] | ((pair << 4) & 0x700);
            BlockIQ1_S.Eighths(ref grid, first, second, shift).Store(q + (16 * group));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Shifts(int sign) => sign == 0 ? 0x0101_0101_0101_0101 : ulong.MaxValue;
}
