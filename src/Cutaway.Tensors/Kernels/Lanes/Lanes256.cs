using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cutaway.Tensors.Kernels.Blocks;

namespace Cutaway.Tensors.Kernels.Lanes;

/// <summary>Eight lanes: AVX2. Used only where <see cref="Vector256.IsHardwareAccelerated"/>.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector256<float> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Abs(Vector256<float> a) => Vector256.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sqrt(Vector256<float> a) => Vector256.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Round(Vector256<float> a) => Vector256.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> CopySign(Vector256<float> magnitude, Vector256<float> sign) => Vector256.CopySign(magnitude, sign);

    // Two factors, so that neither overflows an exponent and only the last product can round.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ScaleByPowerOfTwo(Vector256<float> a, Vector256<float> n)
    {
        Vector256<int> whole = Vector256.ConvertToInt32Native(n);
        Vector256<int> half = whole >> 1;
        Vector256<int> bias = Vector256.Create(127);
        return a * ((half + bias) << 23).AsSingle() * ((whole - half + bias) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SelectLess(Vector256<float> a, Vector256<float> b, Vector256<float> whenTrue, Vector256<float> whenFalse) =>
        Vector256.ConditionalSelect(Vector256.LessThan(a, b), whenTrue, whenFalse);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AllAtMost(Vector256<float> a, Vector256<float> limit) => Vector256.LessThanOrEqualAll(a, limit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SwapPairs(Vector256<float> a) => Avx.Permute(a, 0b10_11_00_01);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> DoubleLower(Vector256<float> a) =>
        Avx2.PermuteVar8x32(a, Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> a) => Lanes128.Sum(a.GetLower() + a.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> a) => Lanes128.Largest(Vector128.MaxNative(a.GetLower(), a.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LowNibbles<TMap>(byte* source, Vector256<float> scale, Vector256<float> minimum)
        where TMap : struct, INibbleMap =>
            TMap.Value<Lanes256, Vector256<float>>(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source) & Vector256.Create(15)), scale, minimum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HighNibbles<TMap>(byte* source, Vector256<float> scale, Vector256<float> minimum)
        where TMap : struct, INibbleMap =>
            TMap.Value<Lanes256, Vector256<float>>(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source) >> 4), scale, minimum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SignedBytes(sbyte* source) =>
        Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> BFloat16(ushort* source) =>
        (Avx2.ConvertToVector256Int32(source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Float16(ushort* source) => HalfFormat.WidenSigned(Avx2.ConvertToVector256Int32((short*)source));
}
