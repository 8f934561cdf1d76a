using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>With u = x · (a + b·x²) and s = σ(u): s + x · s · (1 - s) · (a + 3b·x²), the derivative of <see cref="GeluTanh"/>.</summary>
internal readonly struct GeluTanhSlope : ILaneFunction
{
    // Beyond this s is 0 or 1 in single precision.
    private const float Furthest = 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        x = TLanes.Max(TLanes.Broadcast(-Furthest), TLanes.Min(TLanes.Broadcast(Furthest), x));
        TVector square = TLanes.Multiply(x, x);
        TVector slope = TLanes.MultiplyAdd(square, TLanes.Broadcast(GeluTanh.Cubic), TLanes.Broadcast(GeluTanh.Linear));
        TVector steepness = TLanes.MultiplyAdd(square, TLanes.Broadcast(3 * GeluTanh.Cubic), TLanes.Broadcast(GeluTanh.Linear));
        return SigmoidSlope.OfProduct<TLanes, TVector>(x, TLanes.Multiply(x, slope), steepness);
    }
}
