using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>Softmax and log-sum-exp of a row.</summary>
internal static unsafe class SoftmaxRow
{
    // Exponentials are summed in single precision within a run of this many and in double precision over the runs.
    private const int Run = 256;

    /// <summary>pattern = exp(scores - max) / sum; false, and nothing written, where no largest number is finite (masked whole, infinite, or NaN alone).</summary>
    public static bool TryApply(float* scores, float* pattern, int count) =>
        Vector512.IsHardwareAccelerated ? TryApply<Lanes512, Vector512<float>>(scores, pattern, count)
        : Vector256.IsHardwareAccelerated ? TryApply<Lanes256, Vector256<float>>(scores, pattern, count)
        : TryApply<Lanes128, Vector128<float>>(scores, pattern, count);

    /// <summary>log(sum(exp(x))); false where the largest number is not finite.</summary>
    public static bool TryLogSumExp(float* x, int count, out double result) =>
        Vector512.IsHardwareAccelerated ? TryLogSumExp<Lanes512, Vector512<float>>(x, count, out result)
        : Vector256.IsHardwareAccelerated ? TryLogSumExp<Lanes256, Vector256<float>>(x, count, out result)
        : TryLogSumExp<Lanes128, Vector128<float>>(x, count, out result);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryApply<TLanes, TVector>(float* scores, float* pattern, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float max = Largest<TLanes, TVector>(scores, count);
        if (!float.IsFinite(max))
        {
            return false;
        }

        TVector shift = TLanes.Broadcast(max);
        TVector sum = TLanes.Broadcast(0);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TVector value = default(Exponential).Of<TLanes, TVector>(TLanes.Subtract(TLanes.Load(scores + i), shift));
            TLanes.Store(pattern + i, value);
            sum = TLanes.Add(sum, value);
        }

        if (i < count)
        {
            TVector part = LanePart.Load<TLanes, TVector>(scores + i, count - i, float.NegativeInfinity);
            TVector value = default(Exponential).Of<TLanes, TVector>(TLanes.Subtract(part, shift));
            LanePart.Store<TLanes, TVector>(pattern + i, value, count - i);
            sum = TLanes.Add(sum, value);
        }

        float total = TLanes.Sum(sum);
        TVector divisor = TLanes.Broadcast(total);
        for (i = 0; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(pattern + i, TLanes.Divide(TLanes.Load(pattern + i), divisor));
        }

        for (; i < count; i++)
        {
            pattern[i] /= total;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryLogSumExp<TLanes, TVector>(float* x, int count, out double result)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        result = 0;
        float max = Largest<TLanes, TVector>(x, count);
        if (!float.IsFinite(max))
        {
            return false;
        }

        TVector shift = TLanes.Broadcast(max);
        double total = 0;
        for (int start = 0; start < count; start += Run)
        {
            int end = Math.Min(count, start + Run);
            TVector sum = TLanes.Broadcast(0);
            int i = start;
            for (; i <= end - TLanes.Count; i += TLanes.Count)
            {
                sum = TLanes.Add(sum, default(Exponential).Of<TLanes, TVector>(TLanes.Subtract(TLanes.Load(x + i), shift)));
            }

            if (i < end)
            {
                TVector part = LanePart.Load<TLanes, TVector>(x + i, end - i, float.NegativeInfinity);
                sum = TLanes.Add(sum, default(Exponential).Of<TLanes, TVector>(TLanes.Subtract(part, shift)));
            }

            total += TLanes.Sum(sum);
        }

        result = max + Math.Log(total);
        return true;
    }

    // Of the numbers; a NaN is met again when the exponentials are summed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest<TLanes, TVector>(float* x, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector a = TLanes.Broadcast(float.NegativeInfinity);
        TVector b = a;
        int i = 0;
        for (; i <= count - (2 * TLanes.Count); i += 2 * TLanes.Count)
        {
            a = TLanes.Max(TLanes.Load(x + i), a);
            b = TLanes.Max(TLanes.Load(x + i + TLanes.Count), b);
        }

        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            a = TLanes.Max(TLanes.Load(x + i), a);
        }

        if (i < count)
        {
            b = TLanes.Max(LanePart.Load<TLanes, TVector>(x + i, count - i, float.NegativeInfinity), b);
        }

        return TLanes.Largest(TLanes.Max(a, b));
    }
}
