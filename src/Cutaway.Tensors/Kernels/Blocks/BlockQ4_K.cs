using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q4_K: scales, then 128 bytes whose low nibbles are 32 values and whose high nibbles are the next 32, 32 bytes at a time.</summary>
internal readonly unsafe struct BlockQ4_K : IGroupedBlock, INibbleMap
{
    public static int Bytes => 144;

    public static int Values => 256;

    public static int GroupSize => 32;

    public static bool HasMinima => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        SixBitScales.Read(block, scales, minima);
        byte* source = block + SixBitScales.Bytes;
        for (int part = 0; part < 4; part++, source += 32, q += 64)
        {
            Vector128<byte> left = Vector128.Load(source);
            Vector128<byte> right = Vector128.Load(source + 16);
            BlockBits.Low(left).AsSByte().Store(q);
            BlockBits.Low(right).AsSByte().Store(q + 16);
            BlockBits.High(left).AsSByte().Store(q + 32);
            BlockBits.High(right).AsSByte().Store(q + 48);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TLanes, TVector>(TVector nibbles, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Subtract(TLanes.Multiply(scale, nibbles), minimum);
}
