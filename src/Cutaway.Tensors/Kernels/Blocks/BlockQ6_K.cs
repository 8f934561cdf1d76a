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
        float scale = HalfFormat.Read(block + 208);
        for (int group = 0; group < 16; group++)
        {
            scales[group] = scale * (sbyte)block[192 + group];
        }

        Vector128<byte> four = Vector128.Create((byte)15);
        Vector128<byte> upper = Vector128.Create((byte)0x30);
        Vector128<sbyte> zero = Vector128.Create((sbyte)32);
        for (int at = 0; at < 64; at += 16)
        {
            byte* nibbles = block + (64 * (at / 32)) + (at % 32);
            Vector128<byte> left = Vector128.Load(nibbles);
            Vector128<byte> right = Vector128.Load(nibbles + 32);
            Vector128<ushort> pairs = Vector128.Load(block + 128 + at).AsUInt16();
            sbyte* target = q + (128 * (at / 32)) + (at % 32);
            (((left & four) | ((pairs << 4).AsByte() & upper)).AsSByte() - zero).Store(target);
            (((right & four) | ((pairs << 2).AsByte() & upper)).AsSByte() - zero).Store(target + 32);
            ((((left.AsUInt16() >> 4).AsByte() & four) | (pairs.AsByte() & upper)).AsSByte() - zero).Store(target + 64);
            ((((right.AsUInt16() >> 4).AsByte() & four) | ((pairs >> 2).AsByte() & upper)).AsSByte() - zero).Store(target + 96);
        }
    }
}
