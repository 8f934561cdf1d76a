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
        byte* source = block + SixBitScales.Bytes;
        Vector128<byte> leftFifth = Vector128.Load(source);
        Vector128<byte> rightFifth = Vector128.Load(source + 16);
        Vector128<byte> bit = Vector128.Create((byte)1);
        source += 32;
        for (int part = 0; part < 4; part++, source += 32, q += 64)
        {
            Vector128<byte> left = Vector128.Load(source);
            Vector128<byte> right = Vector128.Load(source + 16);
            (BlockBits.Low(left) | Sixteen(leftFifth, bit)).AsSByte().Store(q);
            (BlockBits.Low(right) | Sixteen(rightFifth, bit)).AsSByte().Store(q + 16);
            bit += bit;
            (BlockBits.High(left) | Sixteen(leftFifth, bit)).AsSByte().Store(q + 32);
            (BlockBits.High(right) | Sixteen(rightFifth, bit)).AsSByte().Store(q + 48);
            bit += bit;
        }
    }

    // 16 where the bit is set.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Sixteen(Vector128<byte> bits, Vector128<byte> bit) =>
        Vector128.Equals(bits & bit, bit) & Vector128.Create((byte)16);
}
