using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>Φ(x) + x · φ(x), the derivative of <see cref="GeluExact"/>.</summary>
internal readonly struct GeluExactSlope : ILaneFunction
{
    // Beyond this the density is zero in single precision.
    private const float Furthest = 15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        x = TLanes.Max(TLanes.Broadcast(-Furthest), TLanes.Min(TLanes.Broadcast(Furthest), x));
        TVector phi = NormalDistribution.Of<TLanes, TVector>(x, out TVector half);

        // The density is e^(-x²/2) / √(2π).
        TVector density = TLanes.Multiply(half, TLanes.Broadcast(0.797884561f));
        return TLanes.MultiplyAdd(x, density, phi);
    }
}
