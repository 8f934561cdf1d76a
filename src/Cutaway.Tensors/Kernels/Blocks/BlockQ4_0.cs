using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q4_0: a half-precision scale and 32 nibbles; value = scale · (q - 8).</summary>
internal readonly unsafe struct BlockQ4_0 : IBlock32, INibbleMap
{
    public static int Bytes => 18;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.LowNibbles<BlockQ4_0>(block + 2 + at, scale, minimum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Second<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.HighNibbles<BlockQ4_0>(block + 2 + at, scale, minimum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TLanes, TVector>(TVector nibbles, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Multiply(scale, TLanes.Subtract(nibbles, TLanes.Broadcast(8)));
}
