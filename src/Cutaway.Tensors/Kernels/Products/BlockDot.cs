using System.Runtime.CompilerServices;
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
    // Blocks whose scales are widened together.
    private const int Most = RowBlocks.Inner / 32;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* x, byte** rows, int count, float* sums)
    {
        int blocks = count / 32;
        float* scales = stackalloc float[4 * 2 * Most];
        float* minima = scales + (4 * Most);
        Widen(rows, blocks, 0, scales);
        if (TBlock.HasMinimum)
        {
            Widen(rows, blocks, 2, minima);
        }

        byte* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
        TVector s0 = default, s1 = default, s2 = default, s3 = default;
        for (int block = 0; block < blocks; block++)
        {
            TVector d0 = TLanes.Broadcast(scales[(0 * Most) + block]);
            TVector m0 = TBlock.HasMinimum ? TLanes.Broadcast(minima[(0 * Most) + block]) : default;
            TVector d1 = TLanes.Broadcast(scales[(1 * Most) + block]);
            TVector m1 = TBlock.HasMinimum ? TLanes.Broadcast(minima[(1 * Most) + block]) : default;
            TVector d2 = TLanes.Broadcast(scales[(2 * Most) + block]);
            TVector m2 = TBlock.HasMinimum ? TLanes.Broadcast(minima[(2 * Most) + block]) : default;
            TVector d3 = TLanes.Broadcast(scales[(3 * Most) + block]);
            TVector m3 = TBlock.HasMinimum ? TLanes.Broadcast(minima[(3 * Most) + block]) : default;
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

        TWide.SumFour(s0, s1, s2, s3, sums);
    }

    // Sixteen bits of each block of four rows, gathered and then widened many at a time.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(byte** rows, int blocks, int offset, float* target)
    {
        ushort* halves = stackalloc ushort[4 * Most];
        for (int row = 0; row < 4; row++)
        {
            byte* source = rows[row] + offset;
            for (int block = 0; block < blocks; block++)
            {
                halves[(row * Most) + block] = Unsafe.ReadUnaligned<ushort>(source + (block * TBlock.Bytes));
            }
        }

        for (int i = 0; i < 4 * Most; i += TLanes.Count)
        {
            TLanes.Store(target + i, TLanes.Float16(halves + i));
        }
    }
}
