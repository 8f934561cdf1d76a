using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>cap · tanh(x / cap).</summary>
internal readonly struct SoftCapped(float cap) : ILaneFunction
{
    private readonly float cap = cap;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector limit = TLanes.Broadcast(cap);
        return TLanes.Multiply(limit, default(HyperbolicTangent).Of<TLanes, TVector>(TLanes.Divide(x, limit)));
    }
}
