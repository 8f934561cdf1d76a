using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>(1 - t) · (1 + t) with t = y / cap, the derivative of <see cref="SoftCapped"/> from its value y.</summary>
internal readonly struct SoftCappedSlope(float cap) : ILaneFunction
{
    private readonly float cap = cap;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector one = TLanes.Broadcast(1);
        TVector t = TLanes.Divide(x, TLanes.Broadcast(cap));
        return TLanes.Multiply(TLanes.Subtract(one, t), TLanes.Add(one, t));
    }
}
