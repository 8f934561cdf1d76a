using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q4_K: scales, then 128 bytes whose low nibbles are 32 values and whose high nibbles are the next 32, 32 bytes at a time.</summary>
internal readonly unsafe struct BlockQ4_K : IGroupedBlock
{
    public static int Bytes => 144;

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
            Vector128<byte> pairs = Vector128.Load(block + SixBitScales.Bytes + at);
            sbyte* target = q + (at / 32 * 64) + (at % 32);
            (pairs & four).AsSByte().Store(target);
            ((pairs.AsUInt16() >> 4).AsByte() & four).AsSByte().Store(target + 32);
        }
    }
}
