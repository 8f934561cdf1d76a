using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Inner products of one vector with four rows of 16-bit floats, widened in registers, in the order of <see cref="DotTile{T, TLanes, TVector}"/>.</summary>
internal readonly unsafe struct PlainDot<TFormat, TLanes, TWide, TVector> : IStoredDot
    where TFormat : struct, IHalfFormat
    where TLanes : struct, ILanes<TVector>
    where TWide : struct, IProductLanes<float, TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* x, byte** rows, int count, in TileOutput<float> output)
    {
        ushort* p0 = (ushort*)rows[0], p1 = (ushort*)rows[1], p2 = (ushort*)rows[2], p3 = (ushort*)rows[3];
        nint ahead = 4 * (nint)(p1 - p0);
        TVector s0 = default, s1 = default, s2 = default, s3 = default;
        for (int at = 0; at < count; at += TLanes.Count)
        {
            TVector v = TLanes.Load(x + at);
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(p0 + at + ahead);
                Sse.Prefetch0(p1 + at + ahead);
                Sse.Prefetch0(p2 + at + ahead);
                Sse.Prefetch0(p3 + at + ahead);
            }

            s0 = TLanes.MultiplyAdd(v, TFormat.Widen<TLanes, TVector>(p0 + at), s0);
            s1 = TLanes.MultiplyAdd(v, TFormat.Widen<TLanes, TVector>(p1 + at), s1);
            s2 = TLanes.MultiplyAdd(v, TFormat.Widen<TLanes, TVector>(p2 + at), s2);
            s3 = TLanes.MultiplyAdd(v, TFormat.Widen<TLanes, TVector>(p3 + at), s3);
        }

        TWide.FinishFour(s0, s1, s2, s3, 1, output.Start, output.C);
    }
}
