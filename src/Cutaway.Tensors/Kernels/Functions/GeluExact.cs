using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>x · Φ(x).</summary>
internal readonly struct GeluExact : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Multiply(x, NormalDistribution.Of<TLanes, TVector>(x, out _));
}
