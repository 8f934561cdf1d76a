using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>The tanh approximation of GELU, with (1 + tanh u) / 2 written as σ(2u): negative values keep their digits.</summary>
internal readonly struct GeluTanh : ILaneFunction
{
    /// <summary>2 · sqrt(2 / π).</summary>
    public const float Linear = 1.59576912f;

    /// <summary><see cref="Linear"/> times 0.044715.</summary>
    public const float Cubic = 0.0713548163f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector slope = TLanes.MultiplyAdd(TLanes.Multiply(x, x), TLanes.Broadcast(Cubic), TLanes.Broadcast(Linear));
        return TLanes.Multiply(x, default(Sigmoid).Of<TLanes, TVector>(TLanes.Multiply(x, slope)));
    }
}
