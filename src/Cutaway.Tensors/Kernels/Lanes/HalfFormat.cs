using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Lanes;

/// <summary>
/// Half precision widened by arithmetic: the 15 bits below the sign, moved to where single precision keeps them, are the
/// number times 2⁻¹¹²; the product with 2¹¹² is exact, for denormal numbers as well.
/// </summary>
internal static class HalfFormat
{
    /// <summary>2¹¹², the difference between the two exponents' biases.</summary>
    public const float Rebias = 5192296858534827628530496329220096f;

    /// <summary>The moved bits of the largest finite number; above are infinity and NaN, whose exponent has to be filled up.</summary>
    public const int LargestFinite = 0x0F7F_E000;

    /// <summary>All bits of single precision's exponent.</summary>
    public const int Exponent = 0x7F80_0000;

    /// <summary>One value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Read(byte* source)
    {
        int bits = Unsafe.ReadUnaligned<ushort>(source);
        int magnitude = (bits & 0x7FFF) << 13;
        int special = magnitude > LargestFinite ? Exponent : 0;
        int value = BitConverter.SingleToInt32Bits(BitConverter.Int32BitsToSingle(magnitude) * Rebias);
        return BitConverter.Int32BitsToSingle(value | special | ((bits & 0x8000) << 16));
    }

    /// <summary>Four values, each in the low bits of its lane, the high ones zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Widen(Vector128<int> bits)
    {
        Vector128<int> magnitude = (bits & Vector128.Create(0x7FFF)) << 13;
        Vector128<int> special = Vector128.GreaterThan(magnitude, Vector128.Create(LargestFinite)) & Vector128.Create(Exponent);
        Vector128<int> sign = (bits & Vector128.Create(0x8000)) << 16;
        return ((magnitude.AsSingle() * Vector128.Create(Rebias)).AsInt32() | special | sign).AsSingle();
    }

    /// <summary>Eight values, each in the low bits of its lane, the high ones zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector256<int> bits)
    {
        Vector256<int> magnitude = (bits & Vector256.Create(0x7FFF)) << 13;
        Vector256<int> special = Vector256.GreaterThan(magnitude, Vector256.Create(LargestFinite)) & Vector256.Create(Exponent);
        Vector256<int> sign = (bits & Vector256.Create(0x8000)) << 16;
        return ((magnitude.AsSingle() * Vector256.Create(Rebias)).AsInt32() | special | sign).AsSingle();
    }
}
