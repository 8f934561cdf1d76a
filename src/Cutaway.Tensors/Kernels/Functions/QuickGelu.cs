using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>x · σ(1.702 x).</summary>
internal readonly struct QuickGelu : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        TLanes.Multiply(x, default(Sigmoid).Of<TLanes, TVector>(TLanes.Multiply(x, TLanes.Broadcast(1.702f))));
}
