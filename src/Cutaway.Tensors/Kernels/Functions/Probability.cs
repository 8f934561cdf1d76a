using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>factor · e^(x - logSum): a logit's probability, scaled. The logarithm comes in two parts, so that its rounding is not felt.</summary>
internal readonly struct Probability(double logSum, float factor) : ILaneFunction
{
    private readonly float high = (float)logSum;
    private readonly float low = (float)(logSum - (float)logSum);
    private readonly float factor = factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector shifted = TLanes.Subtract(TLanes.Subtract(x, TLanes.Broadcast(high)), TLanes.Broadcast(low));
        return TLanes.Multiply(default(Exponential).Of<TLanes, TVector>(shifted), TLanes.Broadcast(factor));
    }
}
