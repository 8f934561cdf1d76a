using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Cutaway.Tensors.Kernels.Blocks;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// Inner products of one vector with four rows of blocks of groups: one block of each row at a time is taken apart into the
/// first-level cache and widened in registers. Values are those of the scalar decoder and are added in the order of
/// <see cref="DotTile{T, TLanes, TVector}"/>, so the bits are the same as if the rows had been widened first.
/// </summary>
internal readonly unsafe struct GroupedDot<TBlock, TLanes, TWide, TVector> : IStoredDot
    where TBlock : struct, IGroupedBlock
    where TLanes : struct, ILanes<TVector>
    where TWide : struct, IProductLanes<float, TVector>
    where TVector : unmanaged
{
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* x, byte** rows, int count, in TileOutput<float> output)
    {
        const int places = IGroupedBlock.MostValues, groups = IGroupedBlock.MostGroups;
        sbyte* q = stackalloc sbyte[4 * places];
        float* scales = stackalloc float[4 * groups];
        float* minima = stackalloc float[4 * groups];
        byte* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
        nint ahead = 4 * (nint)(p1 - p0);
        TVector s0 = default, s1 = default, s2 = default, s3 = default;
        for (int block = count / TBlock.Values; block > 0; block--)
        {
            if (Sse.IsSupported)
            {
                for (int line = 0; line < TBlock.Bytes; line += 64)
                {
                    Sse.Prefetch0(p0 + line + ahead);
                    Sse.Prefetch0(p1 + line + ahead);
                    Sse.Prefetch0(p2 + line + ahead);
                    Sse.Prefetch0(p3 + line + ahead);
                }
            }

            TBlock.Unpack(p0, q, scales, minima);
            TBlock.Unpack(p1, q + places, scales + groups, minima + groups);
            TBlock.Unpack(p2, q + (2 * places), scales + (2 * groups), minima + (2 * groups));
            TBlock.Unpack(p3, q + (3 * places), scales + (3 * groups), minima + (3 * groups));
            for (int group = 0; group < TBlock.Values / TBlock.GroupSize; group++)
            {
                TVector d0 = TLanes.Broadcast(scales[group]);
                TVector d1 = TLanes.Broadcast(scales[group + groups]);
                TVector d2 = TLanes.Broadcast(scales[group + (2 * groups)]);
                TVector d3 = TLanes.Broadcast(scales[group + (3 * groups)]);
                TVector m0 = TBlock.HasMinima ? TLanes.Broadcast(minima[group]) : default;
                TVector m1 = TBlock.HasMinima ? TLanes.Broadcast(minima[group + groups]) : default;
                TVector m2 = TBlock.HasMinima ? TLanes.Broadcast(minima[group + (2 * groups)]) : default;
                TVector m3 = TBlock.HasMinima ? TLanes.Broadcast(minima[group + (3 * groups)]) : default;
                for (int at = group * TBlock.GroupSize; at < (group + 1) * TBlock.GroupSize; at += TLanes.Count)
                {
                    TVector v = TLanes.Load(x + at);
                    s0 = TLanes.MultiplyAdd(v, Value(q + at, d0, m0), s0);
                    s1 = TLanes.MultiplyAdd(v, Value(q + at + places, d1, m1), s1);
                    s2 = TLanes.MultiplyAdd(v, Value(q + at + (2 * places), d2, m2), s2);
                    s3 = TLanes.MultiplyAdd(v, Value(q + at + (3 * places), d3, m3), s3);
                }
            }

            x += TBlock.Values;
            p0 += TBlock.Bytes;
            p1 += TBlock.Bytes;
            p2 += TBlock.Bytes;
            p3 += TBlock.Bytes;
        }

        TWide.FinishFour(s0, s1, s2, s3, 1, output.Start, output.C);
    }

    /// <summary>As many values as lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value(sbyte* q, TVector scale, TVector minimum)
    {
        TVector scaled = TLanes.Multiply(scale, TLanes.SignedBytes(q));
        return TBlock.HasMinima ? TLanes.Subtract(scaled, minimum) : scaled;
    }
}
