using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>Rotation of the pairs of a head vector.</summary>
internal static unsafe class RotaryRow
{
    // Minus on the first of each pair.
    private static readonly float[] Signs = [-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1];

    /// <summary>Rotates (x[i], x[i + pairs]) for as many pairs as fill vectors, turn = -1 the other way; returns how many.</summary>
    public static int HalfSplit(float* x, float* cosines, float* sines, float turn, int pairs) =>
        Vector512.IsHardwareAccelerated ? HalfSplit<Lanes512, Vector512<float>>(x, cosines, sines, turn, pairs)
        : Vector256.IsHardwareAccelerated ? HalfSplit<Lanes256, Vector256<float>>(x, cosines, sines, turn, pairs)
        : HalfSplit<Lanes128, Vector128<float>>(x, cosines, sines, turn, pairs);

    /// <summary>Rotates (x[2i], x[2i + 1]) for as many pairs as fill vectors, turn = -1 the other way; returns how many.</summary>
    public static int Interleaved(float* x, float* cosines, float* sines, float turn, int pairs)
    {
        fixed (float* signs = Signs)
        {
            return Vector512.IsHardwareAccelerated ? Interleaved<Lanes512, Vector512<float>>(x, cosines, sines, signs, turn, pairs)
                : Vector256.IsHardwareAccelerated ? Interleaved<Lanes256, Vector256<float>>(x, cosines, sines, signs, turn, pairs)
                : Interleaved<Lanes128, Vector128<float>>(x, cosines, sines, signs, turn, pairs);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int HalfSplit<TLanes, TVector>(float* x, float* cosines, float* sines, float turn, int pairs)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector sign = TLanes.Broadcast(turn);
        int i = 0;
        for (; i <= pairs - TLanes.Count; i += TLanes.Count)
        {
            TVector first = TLanes.Load(x + i);
            TVector second = TLanes.Load(x + pairs + i);
            TVector cosine = TLanes.Load(cosines + i);
            TVector sine = TLanes.Multiply(TLanes.Load(sines + i), sign);
            TLanes.Store(x + i, TLanes.Subtract(TLanes.Multiply(first, cosine), TLanes.Multiply(second, sine)));
            TLanes.Store(x + pairs + i, TLanes.MultiplyAdd(second, cosine, TLanes.Multiply(first, sine)));
        }

        return i;
    }

    // A vector holds half as many pairs as lanes, but its cosines are loaded as a whole vector: the last half is left over.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Interleaved<TLanes, TVector>(float* x, float* cosines, float* sines, float* signs, float turn, int pairs)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector sign = TLanes.Multiply(TLanes.Load(signs), TLanes.Broadcast(turn));
        int i = 0;
        for (; i <= pairs - TLanes.Count; i += TLanes.Count / 2)
        {
            TVector value = TLanes.Load(x + (2 * i));
            TVector cosine = TLanes.DoubleLower(TLanes.Load(cosines + i));
            TVector sine = TLanes.Multiply(TLanes.DoubleLower(TLanes.Load(sines + i)), sign);
            TLanes.Store(x + (2 * i), TLanes.MultiplyAdd(value, cosine, TLanes.Multiply(TLanes.SwapPairs(value), sine)));
        }

        return i;
    }
}
