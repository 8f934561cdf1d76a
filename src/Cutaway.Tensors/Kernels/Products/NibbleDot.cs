using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Cutaway.Tensors.Kernels.Blocks;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// Inner products of one vector with four rows of Q4_K, whose nibbles are widened in registers: half as fast again as by
/// <see cref="GroupedDot{TBlock, TLanes, TWide, TVector}"/>, with the same bits.
/// </summary>
internal readonly unsafe struct NibbleDot<TLanes, TWide, TVector> : IStoredDot
    where TLanes : struct, ILanes<TVector>
    where TWide : struct, IProductLanes<float, TVector>
    where TVector : unmanaged
{
    private const int Groups = 8;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* x, byte** rows, int count, in TileOutput<float> output)
    {
        float* scales = stackalloc float[4 * Groups];
        float* minima = stackalloc float[4 * Groups];
        byte* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
        nint ahead = 4 * (nint)(p1 - p0);
        TVector s0 = default, s1 = default, s2 = default, s3 = default;
        for (int block = count / BlockQ4_K.Values; block > 0; block--)
        {
            SixBitScales.Read(p0, scales, minima);
            SixBitScales.Read(p1, scales + Groups, minima + Groups);
            SixBitScales.Read(p2, scales + (2 * Groups), minima + (2 * Groups));
            SixBitScales.Read(p3, scales + (3 * Groups), minima + (3 * Groups));
            p0 += SixBitScales.Bytes;
            p1 += SixBitScales.Bytes;
            p2 += SixBitScales.Bytes;
            p3 += SixBitScales.Bytes;
            for (int group = 0; group < Groups; group++)
            {
                TVector d0 = TLanes.Broadcast(scales[group]);
                TVector d1 = TLanes.Broadcast(scales[group + Groups]);
                TVector d2 = TLanes.Broadcast(scales[group + (2 * Groups)]);
                TVector d3 = TLanes.Broadcast(scales[group + (3 * Groups)]);
                TVector m0 = TLanes.Broadcast(minima[group]);
                TVector m1 = TLanes.Broadcast(minima[group + Groups]);
                TVector m2 = TLanes.Broadcast(minima[group + (2 * Groups)]);
                TVector m3 = TLanes.Broadcast(minima[group + (3 * Groups)]);
                if (group % 2 == 0)
                {
                    if (Sse.IsSupported)
                    {
                        Sse.Prefetch0(p0 + ahead);
                        Sse.Prefetch0(p1 + ahead);
                        Sse.Prefetch0(p2 + ahead);
                        Sse.Prefetch0(p3 + ahead);
                    }

                    // Two loops, each of one step on the widest vectors: what is common to their steps is computed once.
                    for (int at = 0; at < 16; at += TLanes.Count)
                    {
                        TVector v = TLanes.Load(x + at);
                        s0 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p0 + at, d0, m0), s0);
                        s1 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p1 + at, d1, m1), s1);
                        s2 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p2 + at, d2, m2), s2);
                        s3 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p3 + at, d3, m3), s3);
                    }

                    for (int at = 16; at < 32; at += TLanes.Count)
                    {
                        TVector v = TLanes.Load(x + at);
                        s0 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p0 + at, d0, m0), s0);
                        s1 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p1 + at, d1, m1), s1);
                        s2 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p2 + at, d2, m2), s2);
                        s3 = TLanes.MultiplyAdd(v, TLanes.LowNibbles<BlockQ4_K>(p3 + at, d3, m3), s3);
                    }
                }
                else
                {
                    for (int at = 0; at < 16; at += TLanes.Count)
                    {
                        TVector v = TLanes.Load(x + at);
                        s0 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p0 + at, d0, m0), s0);
                        s1 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p1 + at, d1, m1), s1);
                        s2 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p2 + at, d2, m2), s2);
                        s3 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p3 + at, d3, m3), s3);
                    }

                    for (int at = 16; at < 32; at += TLanes.Count)
                    {
                        TVector v = TLanes.Load(x + at);
                        s0 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p0 + at, d0, m0), s0);
                        s1 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p1 + at, d1, m1), s1);
                        s2 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p2 + at, d2, m2), s2);
                        s3 = TLanes.MultiplyAdd(v, TLanes.HighNibbles<BlockQ4_K>(p3 + at, d3, m3), s3);
                    }

                    p0 += 32;
                    p1 += 32;
                    p2 += 32;
                    p3 += 32;
                }

                x += 32;
            }
        }

        TWide.FinishFour(s0, s1, s2, s3, 1, output.Start, output.C);
    }
}
