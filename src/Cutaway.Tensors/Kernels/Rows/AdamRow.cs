using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>A step of Adam on a run of single-precision parameters.</summary>
internal static unsafe class AdamRow
{
    /// <summary>p = p · kept - pace · m / (√v · correction + ε) with the new moments m and v.</summary>
    public static void Apply(AdamUpdate update, float pace, float correction, float kept, float* p, float* g, float* m, float* v, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Apply<Lanes512, Vector512<float>>(update, pace, correction, kept, p, g, m, v, count);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Apply<Lanes256, Vector256<float>>(update, pace, correction, kept, p, g, m, v, count);
        }
        else
        {
            Apply<Lanes128, Vector128<float>>(update, pace, correction, kept, p, g, m, v, count);
        }
    }

    // What is left over goes through the same vectors, so that where a run begins and ends does not change a bit.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TLanes, TVector>(AdamUpdate update, float pace, float correction, float kept, float* p, float* g, float* m, float* v, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        Constants<TVector> constants = new(
            TLanes.Broadcast((float)update.Beta1),
            TLanes.Broadcast((float)(1 - update.Beta1)),
            TLanes.Broadcast((float)update.Beta2),
            TLanes.Broadcast((float)(1 - update.Beta2)),
            TLanes.Broadcast((float)update.Epsilon),
            TLanes.Broadcast((float)update.GradientScale),
            TLanes.Broadcast((float)update.GradientDecay),
            TLanes.Broadcast(-pace),
            TLanes.Broadcast(correction),
            TLanes.Broadcast(kept));
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TVector mean = TLanes.Load(m + i);
            TVector square = TLanes.Load(v + i);
            TLanes.Store(p + i, Step<TLanes, TVector>(constants, TLanes.Load(p + i), TLanes.Load(g + i), ref mean, ref square));
            TLanes.Store(m + i, mean);
            TLanes.Store(v + i, square);
        }

        int rest = count - i;
        if (rest > 0)
        {
            TVector mean = LanePart.Load<TLanes, TVector>(m + i, rest, 0);
            TVector square = LanePart.Load<TLanes, TVector>(v + i, rest, 0);
            TVector old = LanePart.Load<TLanes, TVector>(p + i, rest, 0);
            TVector slope = LanePart.Load<TLanes, TVector>(g + i, rest, 0);
            LanePart.Store<TLanes, TVector>(p + i, Step<TLanes, TVector>(constants, old, slope, ref mean, ref square), rest);
            LanePart.Store<TLanes, TVector>(m + i, mean, rest);
            LanePart.Store<TLanes, TVector>(v + i, square, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Step<TLanes, TVector>(in Constants<TVector> c, TVector old, TVector gradient, ref TVector mean, ref TVector square)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector slope = TLanes.MultiplyAdd(gradient, c.GradientScale, TLanes.Multiply(old, c.GradientDecay));
        mean = TLanes.MultiplyAdd(c.Beta1, mean, TLanes.Multiply(c.Fresh1, slope));
        square = TLanes.MultiplyAdd(c.Beta2, square, TLanes.Multiply(TLanes.Multiply(c.Fresh2, slope), slope));
        TVector root = TLanes.MultiplyAdd(TLanes.Sqrt(square), c.Correction, c.Epsilon);
        return TLanes.MultiplyAdd(old, c.Kept, TLanes.Divide(TLanes.Multiply(c.Pace, mean), root));
    }

    private readonly record struct Constants<TVector>(
        TVector Beta1,
        TVector Fresh1,
        TVector Beta2,
        TVector Fresh2,
        TVector Epsilon,
        TVector GradientScale,
        TVector GradientDecay,
        TVector Pace,
        TVector Correction,
        TVector Kept)
        where TVector : unmanaged;
}
