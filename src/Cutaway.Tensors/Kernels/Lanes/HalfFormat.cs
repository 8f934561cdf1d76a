using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Lanes;

/// <summary>
/// Half precision widened by arithmetic. The 15 bits below the sign go to where single precision keeps them, and the
/// exponent is counted from its other bias. A denormal number takes 2⁻¹⁴ too much on the way, which is exact to take away:
/// the plain way, a product with 2¹¹², reads denormal singles, which processors are slow at, and small weights are often such.
/// </summary>
internal static class HalfFormat
{
    // The difference between the two exponents' biases, where single precision keeps its exponent.
    private const int Rebias = 112 << 23;

    // The moved bits of the largest finite number; above are infinity and NaN, whose exponent has to be filled up.
    private const int LargestFinite = 0x0F7F_E000;

    // The moved bits of the smallest number that is not denormal.
    private const int SmallestNormal = 1 << 23;

    // All bits of single precision's exponent.
    private const int Exponent = 0x7F80_0000;

    // Of a value moved with its sign, and of its exponent moved to the top so that only none and all of its bits are at least the limit.
    private const int SignAndMagnitude = unchecked((int)0x8FFF_E000);
    private const int ExponentShift = 0x7800_0000;
    private const int BelowUnusual = 0x6FFF_FFFF;

    // 2⁻¹⁴.
    private const float Excess = 1f / 16384;

    /// <summary>One value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Read(byte* source)
    {
        int bits = Unsafe.ReadUnaligned<ushort>(source);
        int magnitude = (bits & 0x7FFF) << 13;
        int special = magnitude > LargestFinite ? Exponent : 0;
        float denormal = BitConverter.Int32BitsToSingle(magnitude + Rebias + SmallestNormal) - Excess;
        int value = magnitude < SmallestNormal ? BitConverter.SingleToInt32Bits(denormal) : (magnitude + Rebias) | special;
        return BitConverter.Int32BitsToSingle(value | ((bits & 0x8000) << 16));
    }

    /// <summary>Four values, each in the low bits of its lane, whatever the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Widen(Vector128<int> bits)
    {
        Vector128<int> magnitude = (bits & Vector128.Create(0x7FFF)) << 13;
        Vector128<int> normal = magnitude + Vector128.Create(Rebias);
        Vector128<int> special = Vector128.GreaterThan(magnitude, Vector128.Create(LargestFinite)) & Vector128.Create(Exponent);
        Vector128<int> denormal = ((normal + Vector128.Create(SmallestNormal)).AsSingle() - Vector128.Create(Excess)).AsInt32();
        Vector128<int> value = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(SmallestNormal)), denormal, normal | special);
        return (value | ((bits & Vector128.Create(0x8000)) << 16)).AsSingle();
    }

    /// <summary>Eight values, each in the low bits of its lane, whatever the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector256<int> bits)
    {
        Vector256<int> magnitude = (bits & Vector256.Create(0x7FFF)) << 13;
        Vector256<int> normal = magnitude + Vector256.Create(Rebias);
        Vector256<int> special = Vector256.GreaterThan(magnitude, Vector256.Create(LargestFinite)) & Vector256.Create(Exponent);
        Vector256<int> denormal = ((normal + Vector256.Create(SmallestNormal)).AsSingle() - Vector256.Create(Excess)).AsInt32();
        Vector256<int> value = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(SmallestNormal)), denormal, normal | special);
        return (value | ((bits & Vector256.Create(0x8000)) << 16)).AsSingle();
    }

    /// <summary>Sixteen values, each in the low bits of its lane, whatever the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Widen(Vector512<int> bits)
    {
        Vector512<int> magnitude = (bits & Vector512.Create(0x7FFF)) << 13;
        Vector512<int> normal = magnitude + Vector512.Create(Rebias);
        Vector512<int> special = Vector512.GreaterThan(magnitude, Vector512.Create(LargestFinite)) & Vector512.Create(Exponent);
        Vector512<int> denormal = ((normal + Vector512.Create(SmallestNormal)).AsSingle() - Vector512.Create(Excess)).AsInt32();
        Vector512<int> value = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(SmallestNormal)), denormal, normal | special);
        return (value | ((bits & Vector512.Create(0x8000)) << 16)).AsSingle();
    }

    /// <summary>Four values, each extended to its lane with its sign: faster where none is zero, denormal or not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WidenSigned(Vector128<int> bits)
    {
        Vector128<int> moved = (bits << 13) & Vector128.Create(SignAndMagnitude);
        return Vector128.GreaterThanAny((moved << 4) + Vector128.Create(ExponentShift), Vector128.Create(BelowUnusual))
            ? Widen(bits)
            : (moved + Vector128.Create(Rebias)).AsSingle();
    }

    /// <summary>Eight values, each extended to its lane with its sign: faster where none is zero, denormal or not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenSigned(Vector256<int> bits)
    {
        Vector256<int> moved = (bits << 13) & Vector256.Create(SignAndMagnitude);
        return Vector256.GreaterThanAny((moved << 4) + Vector256.Create(ExponentShift), Vector256.Create(BelowUnusual))
            ? Widen(bits)
            : (moved + Vector256.Create(Rebias)).AsSingle();
    }

    /// <summary>Sixteen values, each extended to its lane with its sign: faster where none is zero, denormal or not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WidenSigned(Vector512<int> bits)
    {
        Vector512<int> moved = (bits << 13) & Vector512.Create(SignAndMagnitude);
        return Vector512.GreaterThanAny((moved << 4) + Vector512.Create(ExponentShift), Vector512.Create(BelowUnusual))
            ? Widen(bits)
            : (moved + Vector512.Create(Rebias)).AsSingle();
    }
}
