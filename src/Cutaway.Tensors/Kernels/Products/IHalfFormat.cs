using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>A float of 16 bits.</summary>
internal unsafe interface IHalfFormat
{
    /// <summary>As many values as lanes.</summary>
    static abstract TVector Widen<TLanes, TVector>(ushort* source)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>One value.</summary>
    static abstract float Widen(ushort bits);
}

/// <summary>IEEE half precision.</summary>
internal readonly unsafe struct IeeeHalf : IHalfFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Widen<TLanes, TVector>(ushort* source)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Float16(source);

    public static float Widen(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);
}

/// <summary>The upper half of a single.</summary>
internal readonly unsafe struct BrainHalf : IHalfFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Widen<TLanes, TVector>(ushort* source)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.BFloat16(source);

    public static float Widen(ushort bits) => BitConverter.Int32BitsToSingle(bits << 16);
}
