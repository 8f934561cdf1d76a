using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// TQ1_0: 48 bytes of five digits in base 3 (32 bytes, then 16), 4 bytes of four, and a half. A byte times 3ⁿ, modulo 256, is
/// 256 times the fraction of which the next digit is the first: 0 below 86, 1 below 171, else 2, and one is taken away.
/// </summary>
internal readonly unsafe struct BlockTQ1_0 : IGroupedBlock
{
    public static int Bytes => 54;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        Vector128<float> scale = Vector128.Create(HalfFormat.Read(block + 52));
        scale.Store(scales);
        scale.Store(scales + 4);
        Vector128<byte> a = Vector128.Load(block);
        Vector128<byte> b = Vector128.Load(block + 16);
        Vector128<byte> c = Vector128.Load(block + 32);
        Vector128<byte> d = Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(block + 48)).AsByte();
        for (int digit = 0; digit < 5; digit++)
        {
            Digits(a).Store(q + (32 * digit));
            Digits(b).Store(q + (32 * digit) + 16);
            Digits(c).Store(q + 160 + (16 * digit));
            if (digit < 4)
            {
                Unsafe.WriteUnaligned(q + 240 + (4 * digit), Digits(d).AsUInt32().ToScalar());
            }

            a += a + a;
            b += b + b;
            c += c + c;
            d += d + d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Digits(Vector128<byte> fractions) =>
        Vector128<sbyte>.AllBitsSet
        - Vector128.GreaterThanOrEqual(fractions, Vector128.Create((byte)86)).AsSByte()
        - Vector128.GreaterThanOrEqual(fractions, Vector128.Create((byte)171)).AsSByte();
}
