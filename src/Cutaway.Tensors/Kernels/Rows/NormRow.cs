using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>LayerNorm and RMSNorm of a row.</summary>
internal static unsafe class NormRow
{
    /// <summary>normalized = (x - mean) / scale; returns the scale.</summary>
    public static float Layer(float* x, float* normalized, int count, float epsilon) =>
        Vector512.IsHardwareAccelerated ? Centred<Lanes512, Vector512<float>>(x, normalized, count, epsilon)
        : Vector256.IsHardwareAccelerated ? Centred<Lanes256, Vector256<float>>(x, normalized, count, epsilon)
        : Centred<Lanes128, Vector128<float>>(x, normalized, count, epsilon);

    /// <summary>normalized = x / scale; returns the scale.</summary>
    public static float Rms(float* x, float* normalized, int count, float epsilon) =>
        Vector512.IsHardwareAccelerated ? Scaled<Lanes512, Vector512<float>>(x, normalized, count, 0, epsilon)
        : Vector256.IsHardwareAccelerated ? Scaled<Lanes256, Vector256<float>>(x, normalized, count, 0, epsilon)
        : Scaled<Lanes128, Vector128<float>>(x, normalized, count, 0, epsilon);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Centred<TLanes, TVector>(float* x, float* normalized, int count, float epsilon)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float sum = SumRow.Of<TLanes, TVector>(x, count);
        return Scaled<TLanes, TVector>(x, normalized, count, sum / count, epsilon);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Scaled<TLanes, TVector>(float* x, float* normalized, int count, float mean, float epsilon)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector centre = TLanes.Broadcast(mean);
        TVector a = TLanes.Broadcast(0);
        TVector b = a;
        int i = 0;
        for (; i <= count - (2 * TLanes.Count); i += 2 * TLanes.Count)
        {
            TVector first = TLanes.Subtract(TLanes.Load(x + i), centre);
            TVector second = TLanes.Subtract(TLanes.Load(x + i + TLanes.Count), centre);
            a = TLanes.MultiplyAdd(first, first, a);
            b = TLanes.MultiplyAdd(second, second, b);
        }

        float squares = TLanes.Sum(TLanes.Add(a, b));
        for (; i < count; i++)
        {
            squares += (x[i] - mean) * (x[i] - mean);
        }

        float scale = MathF.Sqrt((squares / count) + epsilon);
        TVector divisor = TLanes.Broadcast(scale);
        for (i = 0; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(normalized + i, TLanes.Divide(TLanes.Subtract(TLanes.Load(x + i), centre), divisor));
        }

        for (; i < count; i++)
        {
            normalized[i] = (x[i] - mean) / scale;
        }

        return scale;
    }
}
