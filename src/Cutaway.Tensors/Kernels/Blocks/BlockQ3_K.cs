using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// Q3_K: 32 bytes of third bits, of which bit r belongs to the r-th run of 32 values and means that four is not taken away;
/// 64 bytes of pairs of bits; 16 scales of six bits, 32 too large, in 12 bytes; a half.
/// </summary>
internal readonly unsafe struct BlockQ3_K : IGroupedBlock
{
    private const uint Four = 0x0F0F_0F0F;
    private const uint Upper = 0x3030_3030;

    public static int Bytes => 110;

    public static int Values => 256;

    public static int GroupSize => 16;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        uint first = Unsafe.ReadUnaligned<uint>(block + 96);
        uint second = Unsafe.ReadUnaligned<uint>(block + 100);
        uint third = Unsafe.ReadUnaligned<uint>(block + 104);
        Vector128<sbyte> six = Vector128.Create(
            (first & Four) | ((third << 4) & Upper),
            (second & Four) | ((third << 2) & Upper),
            ((first >> 4) & Four) | (third & Upper),
            ((second >> 4) & Four) | ((third >> 2) & Upper)).AsSByte();
        BlockBits.Scale(six - Vector128.Create((sbyte)32), HalfFormat.Read(block + 108), scales);
        BlockBits.Pairs(block + 32, q, -4);
        Vector128<byte> left = Vector128.Load(block);
        Vector128<byte> right = Vector128.Load(block + 16);
        Vector128<byte> bit = Vector128.Create((byte)1);
        for (int run = 0; run < 8; run++, q += 32, bit += bit)
        {
            (Vector128.Load(q) + Kept(left, bit)).Store(q);
            (Vector128.Load(q + 16) + Kept(right, bit)).Store(q + 16);
        }
    }

    // The four that is not taken away where the bit is set.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Kept(Vector128<byte> bits, Vector128<byte> bit) =>
        (Vector128.Equals(bits & bit, bit) & Vector128.Create((byte)4)).AsSByte();
}
