using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Blocks;

namespace Cutaway.Tensors.Kernels.Lanes;

/// <summary>Four lanes, with nothing but portable vectors: SSE on older x86, AdvSimd on Arm.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector128<float> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Abs(Vector128<float> a) => Vector128.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sqrt(Vector128<float> a) => Vector128.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Round(Vector128<float> a) => Vector128.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> CopySign(Vector128<float> magnitude, Vector128<float> sign) => Vector128.CopySign(magnitude, sign);

    // Two factors, so that neither overflows an exponent and only the last product can round.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ScaleByPowerOfTwo(Vector128<float> a, Vector128<float> n)
    {
        Vector128<int> whole = Vector128.ConvertToInt32Native(n);
        Vector128<int> half = whole >> 1;
        Vector128<int> bias = Vector128.Create(127);
        return a * ((half + bias) << 23).AsSingle() * ((whole - half + bias) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SelectLess(Vector128<float> a, Vector128<float> b, Vector128<float> whenTrue, Vector128<float> whenFalse) =>
        Vector128.ConditionalSelect(Vector128.LessThan(a, b), whenTrue, whenFalse);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AllAtMost(Vector128<float> a, Vector128<float> limit) => Vector128.LessThanOrEqualAll(a, limit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SwapPairs(Vector128<float> a) => Vector128.Shuffle(a, Vector128.Create(1, 0, 3, 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> DoubleLower(Vector128<float> a) => Vector128.Shuffle(a, Vector128.Create(0, 0, 1, 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> a)
    {
        Vector128<float> pairs = a + Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1));
        return (pairs + Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector128<float> a)
    {
        Vector128<float> pairs = Vector128.MaxNative(a, Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LowNibbles<TMap>(byte* source, Vector128<float> scale, Vector128<float> minimum)
        where TMap : struct, INibbleMap =>
            TMap.Value<Lanes128, Vector128<float>>(Vector128.ConvertToSingle(Bytes(source) & Vector128.Create(15)), scale, minimum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> HighNibbles<TMap>(byte* source, Vector128<float> scale, Vector128<float> minimum)
        where TMap : struct, INibbleMap =>
            TMap.Value<Lanes128, Vector128<float>>(Vector128.ConvertToSingle(Bytes(source) >> 4), scale, minimum);

    // Widened as unsigned, then moved up and back down to carry the sign.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SignedBytes(sbyte* source) => Vector128.ConvertToSingle(Bytes((byte*)source) << 24 >> 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> BFloat16(ushort* source) => (Words(source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Float16(ushort* source) => HalfFormat.WidenSigned(Words(source) << 16 >> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Bytes(byte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(source)).AsByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Words(ushort* source) =>
        Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(source)).AsUInt16()).AsInt32();
}
