using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>1 above zero, else 0.</summary>
internal readonly struct ReluSlope : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.SelectLess(TLanes.Broadcast(0), x, TLanes.Broadcast(1), TLanes.Broadcast(0));
}
