using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// Inner products of a few rows of x with four rows of w, all contiguous along the inner axis. Element k goes to lane
/// k mod the lane count of one accumulator a product, and the lanes are summed at the end. So a product has the same bits
/// in every tile.
/// </summary>
internal static unsafe class DotTile<T, TLanes, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TLanes : struct, IProductLanes<T, TVector>
    where TVector : unmanaged
{
    /// <summary>Six rows of x, and rows of w by fours: 24 accumulators, ten operands.</summary>
    /// <param name="x">The first row of x.</param>
    /// <param name="xStride">Elements from one row of x to the next.</param>
    /// <param name="w">Rows of w.</param>
    /// <param name="columns">How many, a multiple of four.</param>
    /// <param name="k">The inner length, whole vectors.</param>
    /// <param name="output">Where the first tile goes; the others follow it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Six(T* x, nint xStride, T** w, int columns, int k, in TileOutput<T> output)
    {
        T* x0 = x;
        T* x1 = x0 + xStride;
        T* x2 = x1 + xStride;
        T* x3 = x2 + xStride;
        T* x4 = x3 + xStride;
        T* x5 = x4 + xStride;
        T alpha = output.Alpha;
        T* starts = output.Start;
        T* tile = output.C;
        nint startStride = output.StartStride;
        nint stride = output.Stride;
        nint startStep = starts is null ? 0 : 4;
        for (T** end = w + columns; w < end; w += 4, tile += 4, starts += startStep)
        {
            T* w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
            TVector s00 = default, s01 = default, s02 = default, s03 = default;
            TVector s10 = default, s11 = default, s12 = default, s13 = default;
            TVector s20 = default, s21 = default, s22 = default, s23 = default;
            TVector s30 = default, s31 = default, s32 = default, s33 = default;
            TVector s40 = default, s41 = default, s42 = default, s43 = default;
            TVector s50 = default, s51 = default, s52 = default, s53 = default;
            for (int at = 0; at < k; at += TLanes.Count)
            {
                TVector v0 = TLanes.Load(x0 + at);
                TVector v1 = TLanes.Load(x1 + at);
                TVector v2 = TLanes.Load(x2 + at);
                TVector v3 = TLanes.Load(x3 + at);
                TVector v4 = TLanes.Load(x4 + at);
                TVector v5 = TLanes.Load(x5 + at);
                TVector u = TLanes.Load(w0 + at);
                s00 = TLanes.MultiplyAdd(v0, u, s00);
                s10 = TLanes.MultiplyAdd(v1, u, s10);
                s20 = TLanes.MultiplyAdd(v2, u, s20);
                s30 = TLanes.MultiplyAdd(v3, u, s30);
                s40 = TLanes.MultiplyAdd(v4, u, s40);
                s50 = TLanes.MultiplyAdd(v5, u, s50);
                u = TLanes.Load(w1 + at);
                s01 = TLanes.MultiplyAdd(v0, u, s01);
                s11 = TLanes.MultiplyAdd(v1, u, s11);
                s21 = TLanes.MultiplyAdd(v2, u, s21);
                s31 = TLanes.MultiplyAdd(v3, u, s31);
                s41 = TLanes.MultiplyAdd(v4, u, s41);
                s51 = TLanes.MultiplyAdd(v5, u, s51);
                u = TLanes.Load(w2 + at);
                s02 = TLanes.MultiplyAdd(v0, u, s02);
                s12 = TLanes.MultiplyAdd(v1, u, s12);
                s22 = TLanes.MultiplyAdd(v2, u, s22);
                s32 = TLanes.MultiplyAdd(v3, u, s32);
                s42 = TLanes.MultiplyAdd(v4, u, s42);
                s52 = TLanes.MultiplyAdd(v5, u, s52);
                u = TLanes.Load(w3 + at);
                s03 = TLanes.MultiplyAdd(v0, u, s03);
                s13 = TLanes.MultiplyAdd(v1, u, s13);
                s23 = TLanes.MultiplyAdd(v2, u, s23);
                s33 = TLanes.MultiplyAdd(v3, u, s33);
                s43 = TLanes.MultiplyAdd(v4, u, s43);
                s53 = TLanes.MultiplyAdd(v5, u, s53);
            }

            T* start = starts;
            T* c = tile;
            TLanes.FinishFour(s00, s01, s02, s03, alpha, start, c);
            start += startStride;
            c += stride;
            TLanes.FinishFour(s10, s11, s12, s13, alpha, start, c);
            start += startStride;
            c += stride;
            TLanes.FinishFour(s20, s21, s22, s23, alpha, start, c);
            start += startStride;
            c += stride;
            TLanes.FinishFour(s30, s31, s32, s33, alpha, start, c);
            start += startStride;
            c += stride;
            TLanes.FinishFour(s40, s41, s42, s43, alpha, start, c);
            start += startStride;
            c += stride;
            TLanes.FinishFour(s50, s51, s52, s53, alpha, start, c);
        }
    }

    /// <summary>Up to three rows of x: twelve accumulators; rows that are missing repeat the last one.</summary>
    /// <param name="x">The first row of x.</param>
    /// <param name="xStride">Elements from one row of x to the next.</param>
    /// <param name="rows">How many rows there are, 1 to 3.</param>
    /// <param name="w">Four rows of w.</param>
    /// <param name="k">The inner length, whole vectors.</param>
    /// <param name="output">Where the tile, four columns wide, goes; all rows are written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Three(T* x, nint xStride, int rows, T** w, int k, in TileOutput<T> output)
    {
        T* x0 = x;
        T* x1 = x0 + (1 < rows ? xStride : 0);
        T* x2 = x1 + (2 < rows ? xStride : 0);
        T* w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        TVector s00 = default, s01 = default, s02 = default, s03 = default;
        TVector s10 = default, s11 = default, s12 = default, s13 = default;
        TVector s20 = default, s21 = default, s22 = default, s23 = default;
        for (int at = 0; at < k; at += TLanes.Count)
        {
            TVector v0 = TLanes.Load(x0 + at);
            TVector v1 = TLanes.Load(x1 + at);
            TVector v2 = TLanes.Load(x2 + at);
            TVector u = TLanes.Load(w0 + at);
            s00 = TLanes.MultiplyAdd(v0, u, s00);
            s10 = TLanes.MultiplyAdd(v1, u, s10);
            s20 = TLanes.MultiplyAdd(v2, u, s20);
            u = TLanes.Load(w1 + at);
            s01 = TLanes.MultiplyAdd(v0, u, s01);
            s11 = TLanes.MultiplyAdd(v1, u, s11);
            s21 = TLanes.MultiplyAdd(v2, u, s21);
            u = TLanes.Load(w2 + at);
            s02 = TLanes.MultiplyAdd(v0, u, s02);
            s12 = TLanes.MultiplyAdd(v1, u, s12);
            s22 = TLanes.MultiplyAdd(v2, u, s22);
            u = TLanes.Load(w3 + at);
            s03 = TLanes.MultiplyAdd(v0, u, s03);
            s13 = TLanes.MultiplyAdd(v1, u, s13);
            s23 = TLanes.MultiplyAdd(v2, u, s23);
        }

        T alpha = output.Alpha;
        T* start = output.Start;
        T* c = output.C;
        TLanes.FinishFour(s00, s01, s02, s03, alpha, start, c);
        start += output.StartStride;
        c += output.Stride;
        TLanes.FinishFour(s10, s11, s12, s13, alpha, start, c);
        start += output.StartStride;
        c += output.Stride;
        TLanes.FinishFour(s20, s21, s22, s23, alpha, start, c);
    }

    /// <summary>One row of x: what is read is read once, so the speed is that of memory.</summary>
    /// <param name="x">The row.</param>
    /// <param name="w">Four rows of w.</param>
    /// <param name="k">The inner length, whole vectors.</param>
    /// <param name="output">Where the four results go.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(T* x, T** w, int k, in TileOutput<T> output)
    {
        T* w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        nint ahead = 4 * (nint)(w1 - w0);
        TVector s00 = default, s01 = default, s02 = default, s03 = default;
        for (int at = 0; at < k; at += TLanes.Count)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(w0 + at + ahead);
                Sse.Prefetch0(w1 + at + ahead);
                Sse.Prefetch0(w2 + at + ahead);
                Sse.Prefetch0(w3 + at + ahead);
            }

            TVector v0 = TLanes.Load(x + at);
            TVector u = TLanes.Load(w0 + at);
            s00 = TLanes.MultiplyAdd(v0, u, s00);
            u = TLanes.Load(w1 + at);
            s01 = TLanes.MultiplyAdd(v0, u, s01);
            u = TLanes.Load(w2 + at);
            s02 = TLanes.MultiplyAdd(v0, u, s02);
            u = TLanes.Load(w3 + at);
            s03 = TLanes.MultiplyAdd(v0, u, s03);
        }

        T alpha = output.Alpha;
        T* start = output.Start;
        T* c = output.C;
        TLanes.FinishFour(s00, s01, s02, s03, alpha, start, c);
    }
}
