using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>The derivative of <see cref="Silu"/>.</summary>
internal readonly struct SiluSlope : ILaneFunction
{
    // Beyond this the sigmoid is 0 or 1 in single precision.
    private const float Furthest = 110;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        x = TLanes.Max(TLanes.Broadcast(-Furthest), TLanes.Min(TLanes.Broadcast(Furthest), x));
        return SigmoidSlope.OfProduct<TLanes, TVector>(x, x, TLanes.Broadcast(1));
    }
}
