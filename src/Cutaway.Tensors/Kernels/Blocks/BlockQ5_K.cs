using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q5_K: as Q4_K with 32 bytes between, of which bit g is the fifth bit of group g's values.</summary>
internal readonly unsafe struct BlockQ5_K : IGroupedBlock
{
    public static int Bytes => 176;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        SixBitScales.Read(block, scales, minima);
        Vector128<byte> four = Vector128.Create((byte)15);
        for (int at = 0; at < 128; at += 16)
        {
            Vector128<byte> pairs = Vector128.Load(block + SixBitScales.Bytes + 32 + at);
            Vector128<byte> fifth = Vector128.Load(block + SixBitScales.Bytes + (at % 32));
            int group = at / 32 * 2;
            sbyte* target = q + (32 * group) + (at % 32);
            ((pairs & four) | Sixteen(fifth, group)).AsSByte().Store(target);
            (((pairs.AsUInt16() >> 4).AsByte() & four) | Sixteen(fifth, group + 1)).AsSByte().Store(target + 32);
        }
    }

    // 16 where the bit is set.
    private static Vector128<byte> Sixteen(Vector128<byte> bits, int bit)
    {
        Vector128<byte> mask = Vector128.Create((byte)(1 << bit));
        return Vector128.Equals(bits & mask, mask) & Vector128.Create((byte)16);
    }
}
