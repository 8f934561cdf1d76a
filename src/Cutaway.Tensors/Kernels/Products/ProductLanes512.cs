using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>64 bytes: AVX-512. Used only where <see cref="Vector512.IsHardwareAccelerated"/>.</summary>
internal readonly unsafe struct ProductLanes512<T> : IProductLanes<T, Vector512<T>>
    where T : unmanaged
{
    public static int Count => Vector512<T>.Count;

    public static bool HasManyRegisters => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Load(T* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* target, Vector512<T> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Broadcast(T value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Multiply(Vector512<T> a, Vector512<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd(Vector512<T> a, Vector512<T> b, Vector512<T> c) =>
        typeof(T) == typeof(float)
            ? Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
            : Vector512.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    // Singles: the halves of a and b beside each other are added in one instruction, then the quarters of all four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FinishFour(Vector512<T> a, Vector512<T> b, Vector512<T> c, Vector512<T> d, T alpha, T* start, T* target)
    {
        if (typeof(T) == typeof(float))
        {
            Vector512<float> ab = Avx512F.Shuffle4x128(a.AsSingle(), b.AsSingle(), 0x44) + Avx512F.Shuffle4x128(a.AsSingle(), b.AsSingle(), 0xEE);
            Vector512<float> cd = Avx512F.Shuffle4x128(c.AsSingle(), d.AsSingle(), 0x44) + Avx512F.Shuffle4x128(c.AsSingle(), d.AsSingle(), 0xEE);
            Vector512<float> quarters = Avx512F.Shuffle4x128(ab, cd, 0x88) + Avx512F.Shuffle4x128(ab, cd, 0xDD);
            Vector512<float> pairs = quarters + Avx512F.Shuffle(quarters, quarters, 0x4E);
            Vector512<float> sums = pairs + Avx512F.Shuffle(pairs, pairs, 0xB1);
            Vector512<int> firstOfQuarters = Vector512.Create(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
            ProductLanes128<T>.Finish(Avx512F.PermuteVar16x32(sums, firstOfQuarters).GetLower().GetLower(), alpha, start, target);
        }
        else
        {
            ProductLanes256<T>.FinishFour(
                a.GetLower() + a.GetUpper(), b.GetLower() + b.GetUpper(), c.GetLower() + c.GetUpper(), d.GetLower() + d.GetUpper(), alpha, start, target);
        }
    }
}
