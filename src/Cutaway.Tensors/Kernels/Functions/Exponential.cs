using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>
/// eˣ = 2ⁿ · eʳ with n = round(x / ln 2) and |r| ≤ ln 2 / 2, r found with ln 2 in two parts (Cody and Waite 1980, chapter 6)
/// and eʳ by its Maclaurin series to r⁷, whose remainder is below 6·10⁻⁹. Within 2 ulp, denormal results included.
/// </summary>
internal readonly struct Exponential : ILaneFunction
{
    // Beyond these the result is 0 or infinity; a NaN passes both bounds, because the second operand wins.
    private const float Lowest = -105;
    private const float Highest = 89;
    private const float PerLn2 = 1.44269504f;

    // 355/512 and the rest: n · 355/512 is exact for every n that can occur.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        x = TLanes.Max(TLanes.Broadcast(Lowest), TLanes.Min(TLanes.Broadcast(Highest), x));
        TVector n = TLanes.Round(TLanes.Multiply(x, TLanes.Broadcast(PerLn2)));
        TVector series = TLanes.Add(MinusOne<TLanes, TVector>(x, n), TLanes.Broadcast(1));
        return TLanes.ScaleByPowerOfTwo(series, n);
    }

    /// <summary>eˣ - 1 for x in [0, 87], without cancellation near zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector MinusOne<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector n = TLanes.Round(TLanes.Multiply(x, TLanes.Broadcast(PerLn2)));
        TVector power = TLanes.ScaleByPowerOfTwo(TLanes.Broadcast(1), n);
        return TLanes.MultiplyAdd(power, MinusOne<TLanes, TVector>(x, n), TLanes.Subtract(power, TLanes.Broadcast(1)));
    }

    // eʳ - 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector MinusOne<TLanes, TVector>(TVector x, TVector n)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2Low), r);
        TVector sum = TLanes.MultiplyAdd(r, TLanes.Broadcast(1f / 5040), TLanes.Broadcast(1f / 720));
        sum = TLanes.MultiplyAdd(sum, r, TLanes.Broadcast(1f / 120));
        sum = TLanes.MultiplyAdd(sum, r, TLanes.Broadcast(1f / 24));
        sum = TLanes.MultiplyAdd(sum, r, TLanes.Broadcast(1f / 6));
        sum = TLanes.MultiplyAdd(sum, r, TLanes.Broadcast(0.5f));
        return TLanes.MultiplyAdd(TLanes.Multiply(sum, r), r, r);
    }
}
