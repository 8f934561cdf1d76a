using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>A row times a weight, plus a bias.</summary>
internal static unsafe class AffineRow
{
    /// <summary>y = x · weight + bias; y may be x, bias may be null.</summary>
    public static void Apply(float* x, float* weight, float* bias, float* y, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Apply<Lanes512, Vector512<float>>(x, weight, bias, y, count);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Apply<Lanes256, Vector256<float>>(x, weight, bias, y, count);
        }
        else
        {
            Apply<Lanes128, Vector128<float>>(x, weight, bias, y, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TLanes, TVector>(float* x, float* weight, float* bias, float* y, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int i = 0;
        if (bias is null)
        {
            for (; i <= count - TLanes.Count; i += TLanes.Count)
            {
                TLanes.Store(y + i, TLanes.Multiply(TLanes.Load(x + i), TLanes.Load(weight + i)));
            }
        }
        else
        {
            for (; i <= count - TLanes.Count; i += TLanes.Count)
            {
                TLanes.Store(y + i, TLanes.MultiplyAdd(TLanes.Load(x + i), TLanes.Load(weight + i), TLanes.Load(bias + i)));
            }
        }

        for (; i < count; i++)
        {
            y[i] = bias is null ? x[i] * weight[i] : (x[i] * weight[i]) + bias[i];
        }
    }
}
