using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>What the backward pass of a norm does to a row.</summary>
internal static unsafe class NormBackwardRow
{
    /// <summary>Σ a · b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, int count) =>
        Vector512.IsHardwareAccelerated ? DotRow.Of<Lanes512, Vector512<float>>(a, b, count)
        : Vector256.IsHardwareAccelerated ? DotRow.Of<Lanes256, Vector256<float>>(a, b, count)
        : DotRow.Of<Lanes128, Vector128<float>>(a, b, count);

    /// <summary>Σ x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Sum(float* x, int count) =>
        Vector512.IsHardwareAccelerated ? SumRow.Of<Lanes512, Vector512<float>>(x, count)
        : Vector256.IsHardwareAccelerated ? SumRow.Of<Lanes256, Vector256<float>>(x, count)
        : SumRow.Of<Lanes128, Vector128<float>>(x, count);

    /// <summary>dx = (g - mean) / scale + normalized · slope; dx may be g.</summary>
    public static void Apply(float* normalized, float* g, float* dx, int count, float mean, float scale, float slope)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Apply<Lanes512, Vector512<float>>(normalized, g, dx, count, mean, scale, slope);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Apply<Lanes256, Vector256<float>>(normalized, g, dx, count, mean, scale, slope);
        }
        else
        {
            Apply<Lanes128, Vector128<float>>(normalized, g, dx, count, mean, scale, slope);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TLanes, TVector>(float* normalized, float* g, float* dx, int count, float mean, float scale, float slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector centre = TLanes.Broadcast(mean);
        TVector divisor = TLanes.Broadcast(scale);
        TVector factor = TLanes.Broadcast(slope);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TVector direct = TLanes.Divide(TLanes.Subtract(TLanes.Load(g + i), centre), divisor);
            TLanes.Store(dx + i, TLanes.MultiplyAdd(TLanes.Load(normalized + i), factor, direct));
        }

        for (; i < count; i++)
        {
            dx[i] = ((g[i] - mean) / scale) + (normalized[i] * slope);
        }
    }
}
