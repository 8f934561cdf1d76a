using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q5_0: a half, 32 fifth bits, 16 bytes whose low nibbles are 16 values and whose high nibbles are the next; value = scale · (q - 16).</summary>
internal readonly unsafe struct BlockQ5_0 : IGroupedBlock
{
    public static int Bytes => 22;

    public static int Values => 32;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        scales[0] = HalfFormat.Read(block);
        Five(block + 2, q, -16);
    }

    /// <summary>32 fifth bits, then 32 nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Five(byte* source, sbyte* q, sbyte added)
    {
        uint fifth = Unsafe.ReadUnaligned<uint>(source);
        Vector128<byte> bytes = Vector128.Load(source + 4);
        Vector128<byte> sixteen = Vector128.Create((byte)16);
        Vector128<sbyte> offset = Vector128.Create(added);
        ((BlockBits.Low(bytes) | (BlockBits.Spread(fifth, fifth >> 8) & sixteen)).AsSByte() + offset).Store(q);
        ((BlockBits.High(bytes) | (BlockBits.Spread(fifth >> 16, fifth >> 24) & sixteen)).AsSByte() + offset).Store(q + 16);
    }
}
