using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>The backward pass of a softmax of a row.</summary>
internal static unsafe class SoftmaxBackwardRow
{
    /// <summary>ds = p · (dp - Σ p · dp); ds may be either input.</summary>
    public static void Apply(float* p, float* dp, float* ds, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Apply<Lanes512, Vector512<float>>(p, dp, ds, count);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Apply<Lanes256, Vector256<float>>(p, dp, ds, count);
        }
        else
        {
            Apply<Lanes128, Vector128<float>>(p, dp, ds, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TLanes, TVector>(float* p, float* dp, float* ds, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float mean = DotRow.Of<TLanes, TVector>(p, dp, count);
        TVector centre = TLanes.Broadcast(mean);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(ds + i, TLanes.Multiply(TLanes.Load(p + i), TLanes.Subtract(TLanes.Load(dp + i), centre)));
        }

        for (; i < count; i++)
        {
            ds[i] = p[i] * (dp[i] - mean);
        }
    }
}
