using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>max(0, x)².</summary>
internal readonly struct ReluSquared : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector positive = TLanes.Max(TLanes.Broadcast(0), x);
        return TLanes.Multiply(positive, positive);
    }
}
