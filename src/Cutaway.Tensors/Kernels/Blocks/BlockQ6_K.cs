using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// Q6_K: 128 bytes of nibbles, 64 bytes of upper bit pairs, 16 signed scales, a half. Each half of the values is four runs
/// of 32: the low nibbles of 64 bytes, then their high nibbles; run r takes the pair of bits at 2 · r of 32 bytes.
/// </summary>
internal readonly unsafe struct BlockQ6_K : IGroupedBlock
{
    public static int Bytes => 210;

    public static int Values => 256;

    public static int GroupSize => 16;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        BlockBits.Scale(Vector128.Load((sbyte*)block + 192), HalfFormat.Read(block + 208), scales);
        for (int half = 0; half < 2; half++, q += 128)
        {
            Run(block + (64 * half), block + 128 + (32 * half), q);
            Run(block + (64 * half) + 16, block + 144 + (32 * half), q + 16);
        }
    }

    // Sixteen values of each of the four runs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(byte* nibbles, byte* pairs, sbyte* q)
    {
        Vector128<byte> left = Vector128.Load(nibbles);
        Vector128<byte> right = Vector128.Load(nibbles + 32);
        Vector128<ushort> high = Vector128.Load(pairs).AsUInt16();
        Vector128<byte> upper = Vector128.Create((byte)0x30);
        Vector128<sbyte> zero = Vector128.Create((sbyte)32);
        ((BlockBits.Low(left) | ((high << 4).AsByte() & upper)).AsSByte() - zero).Store(q);
        ((BlockBits.Low(right) | ((high << 2).AsByte() & upper)).AsSByte() - zero).Store(q + 32);
        ((BlockBits.High(left) | (high.AsByte() & upper)).AsSByte() - zero).Store(q + 64);
        ((BlockBits.High(right) | ((high >> 2).AsByte() & upper)).AsSByte() - zero).Store(q + 96);
    }
}
