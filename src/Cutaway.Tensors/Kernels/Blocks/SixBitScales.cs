using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// What Q4_K and Q5_K begin with: two halves, and eight scales and minima of six bits in twelve bytes. The first eight bytes
/// hold four scales and four minima; their upper two bits and the nibbles of the last four bytes make up the other four each.
/// </summary>
internal static unsafe class SixBitScales
{
    /// <summary>Bytes of all this.</summary>
    public const int Bytes = 16;

    private const uint Six = 0x3F3F_3F3F;
    private const uint Four = 0x0F0F_0F0F;
    private const uint Upper = 0x3030_3030;

    /// <summary>Writes eight scales and eight minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(byte* block, float* scales, float* minima)
    {
        Vector128<float> scale = Vector128.Create(HalfFormat.Read(block));
        Vector128<float> minimum = Vector128.Create(HalfFormat.Read(block + 2));
        uint first = Unsafe.ReadUnaligned<uint>(block + 4);
        uint second = Unsafe.ReadUnaligned<uint>(block + 8);
        uint third = Unsafe.ReadUnaligned<uint>(block + 12);
        (scale * Widen(first & Six)).Store(scales);
        (scale * Widen((third & Four) | ((first >> 2) & Upper))).Store(scales + 4);
        (minimum * Widen(second & Six)).Store(minima);
        (minimum * Widen(((third >> 4) & Four) | ((second >> 2) & Upper))).Store(minima + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(uint bytes) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(bytes).AsByte())).AsInt32());
}
