using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>
/// Φ(x), with Φ(-|x|) = e^(-z²) · erfcx(z) / 2, z = |x| / √2, so that negative values keep their digits. For the scaled
/// complementary error function erfcx(z) = e^(z²) · erfc(z), the product (z + 3) · erfcx(z) is a polynomial in
/// (z - 3) / (z + 3), interpolated at the Chebyshev nodes of 0 ≤ z ≤ 10: relative error 2·10⁻⁸.
/// </summary>
internal static class NormalDistribution
{
    /// <summary>Φ(x).</summary>
    /// <param name="x">Any values.</param>
    /// <param name="half">e^(-x²/2) / 2.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TLanes, TVector>(TVector x, out TVector half)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector three = TLanes.Broadcast(3);
        TVector z = TLanes.Multiply(TLanes.Abs(x), TLanes.Broadcast(0.707106781f));

        // Beyond 10 the exponential is zero; the bound keeps its factor finite.
        TVector near = TLanes.Min(TLanes.Broadcast(10), z);
        TVector sum = TLanes.Add(near, three);
        TVector t = TLanes.Divide(TLanes.Subtract(near, three), sum);
        TVector p = TLanes.MultiplyAdd(t, TLanes.Broadcast(-0.000334224401f), TLanes.Broadcast(-0.000500258771f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(0.00307705801f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-0.00121688908f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-0.0268362173f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(0.119527333f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-0.310466459f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(0.590228410f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-0.883394460f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(1.07400691f));

        TVector exponent = TLanes.Multiply(TLanes.Multiply(x, x), TLanes.Broadcast(-0.5f));
        half = TLanes.Multiply(default(Exponential).Of<TLanes, TVector>(exponent), TLanes.Broadcast(0.5f));
        TVector tail = TLanes.Divide(TLanes.Multiply(half, p), sum);
        return TLanes.SelectLess(x, TLanes.Broadcast(0), tail, TLanes.Subtract(TLanes.Broadcast(1), tail));
    }
}
