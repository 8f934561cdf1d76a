using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>16 bytes, with nothing but portable vectors: SSE on older x86, AdvSimd on Arm.</summary>
internal readonly unsafe struct ProductLanes128<T> : IProductLanes<T, Vector128<T>>
    where T : unmanaged
{
    public static int Count => Vector128<T>.Count;

    public static bool HasManyRegisters => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Load(T* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* target, Vector128<T> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Broadcast(T value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Multiply(Vector128<T> a, Vector128<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAdd(Vector128<T> a, Vector128<T> b, Vector128<T> c) =>
        typeof(T) == typeof(float)
            ? Vector128.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
            : Vector128.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumFour(Vector128<T> a, Vector128<T> b, Vector128<T> c, Vector128<T> d, T* target)
    {
        if (typeof(T) == typeof(float) && Sse.IsSupported)
        {
            Vector128<float> ab = Sse.MoveLowToHigh(a.AsSingle(), b.AsSingle()) + Sse.MoveHighToLow(b.AsSingle(), a.AsSingle());
            Vector128<float> cd = Sse.MoveLowToHigh(c.AsSingle(), d.AsSingle()) + Sse.MoveHighToLow(d.AsSingle(), c.AsSingle());
            (Sse.Shuffle(ab, cd, 0x88) + Sse.Shuffle(ab, cd, 0xDD)).Store((float*)target);
        }
        else if (typeof(T) == typeof(float))
        {
            float* sums = (float*)target;
            sums[0] = Lanes128.Sum(a.AsSingle());
            sums[1] = Lanes128.Sum(b.AsSingle());
            sums[2] = Lanes128.Sum(c.AsSingle());
            sums[3] = Lanes128.Sum(d.AsSingle());
        }
        else
        {
            double* sums = (double*)target;
            sums[0] = a.AsDouble()[0] + a.AsDouble()[1];
            sums[1] = b.AsDouble()[0] + b.AsDouble()[1];
            sums[2] = c.AsDouble()[0] + c.AsDouble()[1];
            sums[3] = d.AsDouble()[0] + d.AsDouble()[1];
        }
    }
}
