using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions.Slopes;

/// <summary>What the derivatives of functions of the form x · σ(u(x)) share.</summary>
internal static class SigmoidSlope
{
    /// <summary>σ(u) + x · σ(u) · (1 - σ(u)) · u′.</summary>
    /// <param name="x">Finite values.</param>
    /// <param name="u">The sigmoid's argument.</param>
    /// <param name="steepness">du/dx.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector OfProduct<TLanes, TVector>(TVector x, TVector u, TVector steepness)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector s = default(Sigmoid).Of<TLanes, TVector>(u);
        TVector slope = TLanes.Multiply(TLanes.Subtract(TLanes.Broadcast(1), s), steepness);
        return TLanes.MultiplyAdd(TLanes.Multiply(x, s), slope, s);
    }
}
