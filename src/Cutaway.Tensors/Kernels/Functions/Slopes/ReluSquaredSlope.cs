using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>2 · max(0, x).</summary>
internal readonly struct ReluSquaredSlope : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector positive = TLanes.Max(TLanes.Broadcast(0), x);
        return TLanes.Add(positive, positive);
    }
}
