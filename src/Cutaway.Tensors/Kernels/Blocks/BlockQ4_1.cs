using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q4_1: a half-precision scale and minimum, and 32 nibbles; value = scale · q + minimum.</summary>
internal readonly unsafe struct BlockQ4_1 : IBlock32, INibbleMap
{
    public static int Bytes => 20;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.LowNibbles<BlockQ4_1>(block + 4 + at, scale, minimum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Second<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.HighNibbles<BlockQ4_1>(block + 4 + at, scale, minimum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TLanes, TVector>(TVector nibbles, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Add(TLanes.Multiply(scale, nibbles), minimum);
}
