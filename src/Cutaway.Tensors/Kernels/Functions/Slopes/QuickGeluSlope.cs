using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>The derivative of <see cref="QuickGelu"/>.</summary>
internal readonly struct QuickGeluSlope : ILaneFunction
{
    // Beyond this the sigmoid is 0 or 1 in single precision.
    private const float Furthest = 70;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector factor = TLanes.Broadcast(1.702f);
        x = TLanes.Max(TLanes.Broadcast(-Furthest), TLanes.Min(TLanes.Broadcast(Furthest), x));
        return SigmoidSlope.OfProduct<TLanes, TVector>(x, TLanes.Multiply(x, factor), factor);
    }
}
