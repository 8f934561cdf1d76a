using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cutaway.Tensors.Kernels.Blocks;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// Inner products of one vector with four rows of blocks of 32, widened in registers. Values are those of the scalar
/// decoder and are added in the order of <see cref="DotTile{T, TLanes, TVector}"/>, so the bits are the same as if the rows
/// had been widened first.
/// </summary>
internal readonly unsafe struct BlockDot<TBlock, TLanes, TWide, TVector> : IStoredDot
    where TBlock : struct, IBlock32
    where TLanes : struct, ILanes<TVector>
    where TWide : struct, IProductLanes<float, TVector>
    where TVector : unmanaged
{
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* x, byte** rows, int count, in TileOutput<float> output)
    {
        int blocks = count / 32;
        float* scales = stackalloc float[8];
        float* minima = scales + 4;
        byte* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
        nint ahead = 4 * (nint)(p1 - p0);
        TVector s0 = default, s1 = default, s2 = default, s3 = default;
        for (int block = 0; block < blocks; block++)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(p0 + ahead);
                Sse.Prefetch0(p1 + ahead);
                Sse.Prefetch0(p2 + ahead);
                Sse.Prefetch0(p3 + ahead);
            }

            WidenScales(p0, p1, p2, p3, scales);
            TVector d0 = TLanes.Broadcast(scales[0]);
            TVector m0 = TBlock.HasMinimum ? TLanes.Broadcast(minima[0]) : default;
            TVector d1 = TLanes.Broadcast(scales[1]);
            TVector m1 = TBlock.HasMinimum ? TLanes.Broadcast(minima[1]) : default;
            TVector d2 = TLanes.Broadcast(scales[2]);
            TVector m2 = TBlock.HasMinimum ? TLanes.Broadcast(minima[2]) : default;
            TVector d3 = TLanes.Broadcast(scales[3]);
            TVector m3 = TBlock.HasMinimum ? TLanes.Broadcast(minima[3]) : default;
            for (int at = 0; at < 16; at += TLanes.Count)
            {
                TVector v = TLanes.Load(x + at);
                s0 = TLanes.MultiplyAdd(v, TBlock.First<TLanes, TVector>(p0, at, d0, m0), s0);
                s1 = TLanes.MultiplyAdd(v, TBlock.First<TLanes, TVector>(p1, at, d1, m1), s1);
                s2 = TLanes.MultiplyAdd(v, TBlock.First<TLanes, TVector>(p2, at, d2, m2), s2);
                s3 = TLanes.MultiplyAdd(v, TBlock.First<TLanes, TVector>(p3, at, d3, m3), s3);
            }

            for (int at = 0; at < 16; at += TLanes.Count)
            {
                TVector v = TLanes.Load(x + 16 + at);
                s0 = TLanes.MultiplyAdd(v, TBlock.Second<TLanes, TVector>(p0, at, d0, m0), s0);
                s1 = TLanes.MultiplyAdd(v, TBlock.Second<TLanes, TVector>(p1, at, d1, m1), s1);
                s2 = TLanes.MultiplyAdd(v, TBlock.Second<TLanes, TVector>(p2, at, d2, m2), s2);
                s3 = TLanes.MultiplyAdd(v, TBlock.Second<TLanes, TVector>(p3, at, d3, m3), s3);
            }

            x += 32;
            p0 += TBlock.Bytes;
            p1 += TBlock.Bytes;
            p2 += TBlock.Bytes;
            p3 += TBlock.Bytes;
        }

        TWide.FinishFour(s0, s1, s2, s3, 1, output.Start, output.C);
    }

    // By way of memory: a broadcast from there costs no arithmetic unit, one from a register does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WidenScales(byte* p0, byte* p1, byte* p2, byte* p3, float* scales)
    {
        Vector128<int> bits = Vector128.Create(
            Unsafe.ReadUnaligned<int>(p0), Unsafe.ReadUnaligned<int>(p1), Unsafe.ReadUnaligned<int>(p2), Unsafe.ReadUnaligned<int>(p3));
        Vector128<int> scale = bits & Vector128.Create(0xFFFF);
        Vector128<int> minimum = bits >>> 16;
        if (TBlock.HasMinimum && Vector256.IsHardwareAccelerated)
        {
            HalfFormat.Widen(Vector256.Create(scale, minimum)).Store(scales);
        }
        else
        {
            HalfFormat.Widen(scale).Store(scales);
            if (TBlock.HasMinimum)
            {
                HalfFormat.Widen(minimum).Store(scales + 4);
            }
        }
    }
}
