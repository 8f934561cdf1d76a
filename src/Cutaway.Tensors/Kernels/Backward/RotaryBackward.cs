using System.Numerics;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The transpose of the rotation of <see cref="Rotary"/>: the same angles, turned back. Scaled cosines and sines stay scaled.</summary>
public static class RotaryBackward
{
    /// <summary>The gradient at a head vector before <see cref="Rotary.HalfSplit{T}(Span{T}, ReadOnlySpan{T}, ReadOnlySpan{T})"/>, from the one after it.</summary>
    /// <param name="gradient">[d_head], changed in place.</param>
    /// <param name="cosines">[D/2].</param>
    /// <param name="sines">[D/2].</param>
    public static void HalfSplit<T>(Span<T> gradient, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Rotary.HalfSplit(gradient, cosines, sines, -T.One);

    /// <summary>The gradient at a head vector before <see cref="Rotary.Interleaved{T}(Span{T}, ReadOnlySpan{T}, ReadOnlySpan{T})"/>, from the one after it.</summary>
    /// <param name="gradient">[d_head], changed in place.</param>
    /// <param name="cosines">[D/2].</param>
    /// <param name="sines">[D/2].</param>
    public static void Interleaved<T>(Span<T> gradient, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Rotary.Interleaved(gradient, cosines, sines, -T.One);
}
