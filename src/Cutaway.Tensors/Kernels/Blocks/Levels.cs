using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>The sixteen levels that four bits choose from in formats whose levels are not even.</summary>
internal static unsafe class Levels
{
    /// <summary>IQ4_NL and IQ4_XS.</summary>
    public static Vector128<sbyte> Uneven => Vector128.Create(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

    /// <summary>FP4 (E2M1), doubled.</summary>
    public static Vector128<sbyte> DoubledFp4 => Vector128.Create(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

    /// <summary>The levels of 16 low nibbles, then of the high nibbles of the same bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Choose(Vector128<sbyte> levels, byte* source, sbyte* q)
    {
        Vector128<byte> bytes = Vector128.Load(source);
        Vector128.Shuffle(levels, BlockBits.Low(bytes).AsSByte()).Store(q);
        Vector128.Shuffle(levels, BlockBits.High(bytes).AsSByte()).Store(q + 16);
    }
}
