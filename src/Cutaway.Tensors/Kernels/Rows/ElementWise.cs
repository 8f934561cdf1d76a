using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>A function of every value of a row.</summary>
internal static unsafe class ElementWise
{
    /// <summary>y = f(x); y may be x.</summary>
    public static void Apply<TFunction>(TFunction f, float* x, float* y, int count)
        where TFunction : struct, ILaneFunction
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Apply<TFunction, Lanes512, Vector512<float>>(f, x, y, count);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Apply<TFunction, Lanes256, Vector256<float>>(f, x, y, count);
        }
        else
        {
            Apply<TFunction, Lanes128, Vector128<float>>(f, x, y, count);
        }
    }

    /// <summary>y = f(x) · factor; y may be either input.</summary>
    public static void ApplyGated<TFunction>(TFunction f, float* x, float* factor, float* y, int count)
        where TFunction : struct, ILaneFunction
    {
        if (Vector512.IsHardwareAccelerated)
        {
            ApplyGated<TFunction, Lanes512, Vector512<float>>(f, x, factor, y, count);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            ApplyGated<TFunction, Lanes256, Vector256<float>>(f, x, factor, y, count);
        }
        else
        {
            ApplyGated<TFunction, Lanes128, Vector128<float>>(f, x, factor, y, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TFunction, TLanes, TVector>(TFunction f, float* x, float* y, int count)
        where TFunction : struct, ILaneFunction
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(y + i, f.Of<TLanes, TVector>(TLanes.Load(x + i)));
        }

        if (i < count)
        {
            TVector part = LanePart.Load<TLanes, TVector>(x + i, count - i, 0);
            LanePart.Store<TLanes, TVector>(y + i, f.Of<TLanes, TVector>(part), count - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ApplyGated<TFunction, TLanes, TVector>(TFunction f, float* x, float* factor, float* y, int count)
        where TFunction : struct, ILaneFunction
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(y + i, TLanes.Multiply(f.Of<TLanes, TVector>(TLanes.Load(x + i)), TLanes.Load(factor + i)));
        }

        if (i < count)
        {
            TVector part = LanePart.Load<TLanes, TVector>(x + i, count - i, 0);
            TVector product = TLanes.Multiply(f.Of<TLanes, TVector>(part), LanePart.Load<TLanes, TVector>(factor + i, count - i, 0));
            LanePart.Store<TLanes, TVector>(y + i, product, count - i);
        }
    }
}
