using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>σ(x) from e = e^-|x|, which cannot overflow: 1 / (1 + e) for x ≥ 0 and e / (1 + e) below. Within 4 ulp.</summary>
internal readonly struct Sigmoid : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector zero = TLanes.Broadcast(0);
        TVector one = TLanes.Broadcast(1);
        TVector e = default(Exponential).Of<TLanes, TVector>(TLanes.Subtract(zero, TLanes.Abs(x)));
        return TLanes.Divide(TLanes.SelectLess(x, zero, e, one), TLanes.Add(one, e));
    }
}
