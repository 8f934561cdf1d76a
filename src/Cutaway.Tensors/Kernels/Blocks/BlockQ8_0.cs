using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>Q8_0: a half-precision scale and 32 signed bytes; value = scale · q.</summary>
internal readonly unsafe struct BlockQ8_0 : IBlock32
{
    public static int Bytes => 34;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Multiply(scale, TLanes.SignedBytes((sbyte*)block + 2 + at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Second<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Multiply(scale, TLanes.SignedBytes((sbyte*)block + 18 + at));
}
