using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q4_0: a half-precision scale and 32 nibbles; value = scale · (q - 8).</summary>
internal readonly unsafe struct BlockQ4_0 : IBlock32
{
    public static int Bytes => 18;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(byte* block) => HalfFormat.Read(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Minimum(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
            TLanes.Multiply(scale, TLanes.Subtract(TLanes.LowNibbles(block + 2 + at), TLanes.Broadcast(8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Second<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
            TLanes.Multiply(scale, TLanes.Subtract(TLanes.HighNibbles(block + 2 + at), TLanes.Broadcast(8)));
}
