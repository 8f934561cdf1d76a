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
    public static void FinishFour(Vector128<T> a, Vector128<T> b, Vector128<T> c, Vector128<T> d, T alpha, T* start, T* target)
    {
        if (typeof(T) == typeof(float) && Sse.IsSupported)
        {
            Vector128<float> ab = Sse.MoveLowToHigh(a.AsSingle(), b.AsSingle()) + Sse.MoveHighToLow(b.AsSingle(), a.AsSingle());
            Vector128<float> cd = Sse.MoveLowToHigh(c.AsSingle(), d.AsSingle()) + Sse.MoveHighToLow(d.AsSingle(), c.AsSingle());
            Finish(Sse.Shuffle(ab, cd, 0x88) + Sse.Shuffle(ab, cd, 0xDD), alpha, start, target);
        }
        else if (typeof(T) == typeof(float))
        {
            Finish(
                Vector128.Create(Lanes128.Sum(a.AsSingle()), Lanes128.Sum(b.AsSingle()), Lanes128.Sum(c.AsSingle()), Lanes128.Sum(d.AsSingle())),
                alpha,
                start,
                target);
        }
        else
        {
            Finish(Pairs(a.AsDouble(), b.AsDouble()), alpha, start, target);
            Finish(Pairs(c.AsDouble(), d.AsDouble()), alpha, start is null ? null : start + 2, target + 2);
        }
    }

    /// <summary>Writes alpha · sums + start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish<TNumber>(Vector128<TNumber> sums, T alpha, T* start, T* target)
    {
        Vector128<T> values = sums.As<TNumber, T>();
        Vector128<T> scale = Vector128.Create(alpha);
        (start is null ? scale * values : MultiplyAdd(scale, values, Vector128.Load(start))).Store(target);
    }

    private static Vector128<double> Pairs(Vector128<double> a, Vector128<double> b) =>
        Vector128.Create(a[0], b[0]) + Vector128.Create(a[1], b[1]);
}
