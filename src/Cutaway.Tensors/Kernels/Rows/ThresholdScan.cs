using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>Passes over the values that cannot be among the largest, a vector at a time.</summary>
internal static unsafe class ThresholdScan
{
    /// <summary>
    /// The first place from <paramref name="start"/> on that has to be looked at: all values before it are numbers of at
    /// most <paramref name="limit"/>.
    /// </summary>
    public static int Next(float* x, int start, int count, float limit) =>
        Vector512.IsHardwareAccelerated ? Next<Lanes512, Vector512<float>>(x, start, count, limit)
        : Vector256.IsHardwareAccelerated ? Next<Lanes256, Vector256<float>>(x, start, count, limit)
        : Next<Lanes128, Vector128<float>>(x, start, count, limit);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Next<TLanes, TVector>(float* x, int start, int count, float limit)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector bound = TLanes.Broadcast(limit);
        int i = start;
        while (i <= count - TLanes.Count && TLanes.AllAtMost(TLanes.Load(x + i), bound))
        {
            i += TLanes.Count;
        }

        while (i < count && x[i] <= limit)
        {
            i++;
        }

        return i;
    }
}
