using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels;

/// <summary>Rotary position embedding of one head vector (Su et al. 2021, section 3.4.2).</summary>
public static unsafe class Rotary
{
    /// <summary>Rotates pairs (x[i], x[i + D/2]): the half-split layout of GPT-NeoX and Llama. Dimensions beyond D pass through.</summary>
    /// <param name="x">[d_head], changed in place.</param>
    /// <param name="cosines">[D/2].</param>
    /// <param name="sines">[D/2].</param>
    public static void HalfSplit<T>(Span<T> x, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => HalfSplit(x, cosines, sines, T.One);

    /// <summary><see cref="HalfSplit{T}(Span{T}, ReadOnlySpan{T}, ReadOnlySpan{T})"/> with the sines times <paramref name="turn"/>: -1 turns the other way.</summary>
    internal static void HalfSplit<T>(Span<T> x, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines, T turn)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        sines = sines[..cosines.Length];
        x = x[..(2 * cosines.Length)];
        int done = 0;
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* values = x)
            fixed (T* c = cosines)
            fixed (T* s = sines)
            {
                done = RotaryRow.HalfSplit((float*)values, (float*)c, (float*)s, float.CreateTruncating(turn), cosines.Length);
            }
        }

        HalfSplitReference(x, cosines, sines, turn, done);
    }

    /// <summary>Rotates pairs (x[2i], x[2i + 1]): the interleaved layout of GPT-J.</summary>
    /// <param name="x">[d_head], changed in place.</param>
    /// <param name="cosines">[D/2].</param>
    /// <param name="sines">[D/2].</param>
    public static void Interleaved<T>(Span<T> x, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Interleaved(x, cosines, sines, T.One);

    /// <summary><see cref="Interleaved{T}(Span{T}, ReadOnlySpan{T}, ReadOnlySpan{T})"/> with the sines times <paramref name="turn"/>: -1 turns the other way.</summary>
    internal static void Interleaved<T>(Span<T> x, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines, T turn)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        sines = sines[..cosines.Length];
        x = x[..(2 * cosines.Length)];
        int done = 0;
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* values = x)
            fixed (T* c = cosines)
            fixed (T* s = sines)
            {
                done = RotaryRow.Interleaved((float*)values, (float*)c, (float*)s, float.CreateTruncating(turn), cosines.Length);
            }
        }

        InterleavedReference(x, cosines, sines, turn, done);
    }

    /// <summary>The rotation value by value, from pair <paramref name="start"/> on.</summary>
    internal static void HalfSplitReference<T>(Span<T> x, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines, T turn, int start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int half = cosines.Length;
        for (int i = start; i < half; i++)
        {
            T sine = sines[i] * turn;
            T first = x[i];
            T second = x[i + half];
            x[i] = (first * cosines[i]) - (second * sine);
            x[i + half] = (second * cosines[i]) + (first * sine);
        }
    }

    /// <summary>The rotation value by value, from pair <paramref name="start"/> on.</summary>
    internal static void InterleavedReference<T>(Span<T> x, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines, T turn, int start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = start; i < cosines.Length; i++)
        {
            T sine = sines[i] * turn;
            T first = x[2 * i];
            T second = x[(2 * i) + 1];
            x[2 * i] = (first * cosines[i]) - (second * sine);
            x[(2 * i) + 1] = (second * cosines[i]) + (first * sine);
        }
    }
}
