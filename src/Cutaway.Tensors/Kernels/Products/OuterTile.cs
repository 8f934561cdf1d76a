using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// A tile of a · b two vectors wide, as a sum of outer products: element k of a column of a, broadcast, times row k of b.
/// Each element of the tile has one accumulator, to which k is added in order, whatever the tile's height.
/// </summary>
internal static unsafe class OuterTile<T, TLanes, TVector>
    where T : unmanaged
    where TLanes : struct, IProductLanes<T, TVector>
    where TVector : unmanaged
{
    /// <summary>Vectors in a row of <see cref="Wide"/>.</summary>
    public const int WideVectors = 8;

    // Rows of b far apart are not foreseen by the processor.
    private const int RowsAhead = 12;

    /// <summary>Twelve rows: 24 accumulators and three operands.</summary>
    /// <param name="a">The first element of a.</param>
    /// <param name="aStride">Elements from one row of a to the next.</param>
    /// <param name="aStep">Elements from one column of a to the next.</param>
    /// <param name="b">The first of two vectors of b.</param>
    /// <param name="bStride">Elements from one row of b to the next.</param>
    /// <param name="k">The inner length.</param>
    /// <param name="output">Where the tile goes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Twelve(T* a, nint aStride, nint aStep, T* b, nint bStride, int k, in TileOutput<T> output)
    {
        nint a1 = aStride, a2 = 2 * aStride, a3 = 3 * aStride;
        T* p = a;
        T* q = p + (4 * aStride);
        T* r = q + (4 * aStride);
        Prefetch(output.C, output.Stride, 12);
        TVector s0l = default, s0r = default;
        TVector s1l = default, s1r = default;
        TVector s2l = default, s2r = default;
        TVector s3l = default, s3r = default;
        TVector s4l = default, s4r = default;
        TVector s5l = default, s5r = default;
        TVector s6l = default, s6r = default;
        TVector s7l = default, s7r = default;
        TVector s8l = default, s8r = default;
        TVector s9l = default, s9r = default;
        TVector s10l = default, s10r = default;
        TVector s11l = default, s11r = default;
        for (int at = 0; at < k; at++)
        {
            TVector left = TLanes.Load(b);
            TVector right = TLanes.Load(b + TLanes.Count);
            TVector x = TLanes.Broadcast(*p);
            s0l = TLanes.MultiplyAdd(x, left, s0l);
            s0r = TLanes.MultiplyAdd(x, right, s0r);
            x = TLanes.Broadcast(p[a1]);
            s1l = TLanes.MultiplyAdd(x, left, s1l);
            s1r = TLanes.MultiplyAdd(x, right, s1r);
            x = TLanes.Broadcast(p[a2]);
            s2l = TLanes.MultiplyAdd(x, left, s2l);
            s2r = TLanes.MultiplyAdd(x, right, s2r);
            x = TLanes.Broadcast(p[a3]);
            s3l = TLanes.MultiplyAdd(x, left, s3l);
            s3r = TLanes.MultiplyAdd(x, right, s3r);
            x = TLanes.Broadcast(*q);
            s4l = TLanes.MultiplyAdd(x, left, s4l);
            s4r = TLanes.MultiplyAdd(x, right, s4r);
            x = TLanes.Broadcast(q[a1]);
            s5l = TLanes.MultiplyAdd(x, left, s5l);
            s5r = TLanes.MultiplyAdd(x, right, s5r);
            x = TLanes.Broadcast(q[a2]);
            s6l = TLanes.MultiplyAdd(x, left, s6l);
            s6r = TLanes.MultiplyAdd(x, right, s6r);
            x = TLanes.Broadcast(q[a3]);
            s7l = TLanes.MultiplyAdd(x, left, s7l);
            s7r = TLanes.MultiplyAdd(x, right, s7r);
            x = TLanes.Broadcast(*r);
            s8l = TLanes.MultiplyAdd(x, left, s8l);
            s8r = TLanes.MultiplyAdd(x, right, s8r);
            x = TLanes.Broadcast(r[a1]);
            s9l = TLanes.MultiplyAdd(x, left, s9l);
            s9r = TLanes.MultiplyAdd(x, right, s9r);
            x = TLanes.Broadcast(r[a2]);
            s10l = TLanes.MultiplyAdd(x, left, s10l);
            s10r = TLanes.MultiplyAdd(x, right, s10r);
            x = TLanes.Broadcast(r[a3]);
            s11l = TLanes.MultiplyAdd(x, left, s11l);
            s11r = TLanes.MultiplyAdd(x, right, s11r);
            p += aStep;
            q += aStep;
            r += aStep;
            b += bStride;
        }

        TVector scale = TLanes.Broadcast(output.Alpha);
        T* c = output.C;
        T* start = output.Start;
        Finish(scale, s0l, s0r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s1l, s1r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s2l, s2r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s3l, s3r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s4l, s4r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s5l, s5r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s6l, s6r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s7l, s7r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s8l, s8r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s9l, s9r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s10l, s10r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s11l, s11r, start, c);
    }

    /// <summary>Four rows; rows of a that are missing repeat the last one, but all four are written.</summary>
    /// <param name="a">The first element of a.</param>
    /// <param name="aStride">Elements from one row of a to the next.</param>
    /// <param name="aStep">Elements from one column of a to the next.</param>
    /// <param name="rows">How many rows a has, 1 to 4.</param>
    /// <param name="b">The first of two vectors of b.</param>
    /// <param name="bStride">Elements from one row of b to the next.</param>
    /// <param name="k">The inner length.</param>
    /// <param name="output">Where the tile goes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(T* a, nint aStride, nint aStep, int rows, T* b, nint bStride, int k, in TileOutput<T> output)
    {
        nint a1 = rows > 1 ? aStride : 0;
        nint a2 = rows > 2 ? a1 + aStride : a1;
        nint a3 = rows > 3 ? a2 + aStride : a2;
        T* p = a;
        Prefetch(output.C, output.Stride, 4);
        TVector s0l = default, s0r = default;
        TVector s1l = default, s1r = default;
        TVector s2l = default, s2r = default;
        TVector s3l = default, s3r = default;
        for (int at = 0; at < k; at++)
        {
            TVector left = TLanes.Load(b);
            TVector right = TLanes.Load(b + TLanes.Count);
            TVector x = TLanes.Broadcast(*p);
            s0l = TLanes.MultiplyAdd(x, left, s0l);
            s0r = TLanes.MultiplyAdd(x, right, s0r);
            x = TLanes.Broadcast(p[a1]);
            s1l = TLanes.MultiplyAdd(x, left, s1l);
            s1r = TLanes.MultiplyAdd(x, right, s1r);
            x = TLanes.Broadcast(p[a2]);
            s2l = TLanes.MultiplyAdd(x, left, s2l);
            s2r = TLanes.MultiplyAdd(x, right, s2r);
            x = TLanes.Broadcast(p[a3]);
            s3l = TLanes.MultiplyAdd(x, left, s3l);
            s3r = TLanes.MultiplyAdd(x, right, s3r);
            p += aStep;
            b += bStride;
        }

        TVector scale = TLanes.Broadcast(output.Alpha);
        T* c = output.C;
        T* start = output.Start;
        Finish(scale, s0l, s0r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s1l, s1r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s2l, s2r, start, c);
        c += output.Stride;
        start += output.StartStride;
        Finish(scale, s3l, s3r, start, c);
    }

    /// <summary>One row, <see cref="WideVectors"/> vectors wide: b is read once, so long runs of it matter more than its reuse.</summary>
    /// <param name="a">The first element of a.</param>
    /// <param name="aStep">Elements from one column of a to the next.</param>
    /// <param name="b">The first of the vectors of b.</param>
    /// <param name="bStride">Elements from one row of b to the next.</param>
    /// <param name="k">The inner length.</param>
    /// <param name="output">Where the tile goes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide(T* a, nint aStep, T* b, nint bStride, int k, in TileOutput<T> output)
    {
        nint ahead = RowsAhead * bStride;
        TVector s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (int at = 0; at < k; at++)
        {
            if (Sse.IsSupported)
            {
                for (int line = 0; line < WideVectors * TLanes.Count * sizeof(T); line += 64)
                {
                    Sse.Prefetch0((byte*)(b + ahead) + line);
                }
            }

            TVector x = TLanes.Broadcast(*a);
            s0 = TLanes.MultiplyAdd(x, TLanes.Load(b), s0);
            s1 = TLanes.MultiplyAdd(x, TLanes.Load(b + TLanes.Count), s1);
            s2 = TLanes.MultiplyAdd(x, TLanes.Load(b + (2 * TLanes.Count)), s2);
            s3 = TLanes.MultiplyAdd(x, TLanes.Load(b + (3 * TLanes.Count)), s3);
            s4 = TLanes.MultiplyAdd(x, TLanes.Load(b + (4 * TLanes.Count)), s4);
            s5 = TLanes.MultiplyAdd(x, TLanes.Load(b + (5 * TLanes.Count)), s5);
            s6 = TLanes.MultiplyAdd(x, TLanes.Load(b + (6 * TLanes.Count)), s6);
            s7 = TLanes.MultiplyAdd(x, TLanes.Load(b + (7 * TLanes.Count)), s7);
            a += aStep;
            b += bStride;
        }

        TVector scale = TLanes.Broadcast(output.Alpha);
        nint pair = 2 * TLanes.Count;
        nint startPair = output.Start is null ? 0 : pair;
        T* c = output.C;
        T* start = output.Start;
        Finish(scale, s0, s1, start, c);
        Finish(scale, s2, s3, start + startPair, c + pair);
        Finish(scale, s4, s5, start + (2 * startPair), c + (2 * pair));
        Finish(scale, s6, s7, start + (3 * startPair), c + (3 * pair));
    }

    // The tile of c is needed last, and then at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(T* c, nint stride, int rows)
    {
        if (Sse.IsSupported)
        {
            for (int row = 0; row < rows; row++)
            {
                Sse.Prefetch0(c);
                Sse.Prefetch0(c + TLanes.Count);
                c += stride;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TVector scale, TVector left, TVector right, T* start, T* c)
    {
        if (start is null)
        {
            TLanes.Store(c, TLanes.Multiply(scale, left));
            TLanes.Store(c + TLanes.Count, TLanes.Multiply(scale, right));
        }
        else
        {
            TLanes.Store(c, TLanes.MultiplyAdd(scale, left, TLanes.Load(start)));
            TLanes.Store(c + TLanes.Count, TLanes.MultiplyAdd(scale, right, TLanes.Load(start + TLanes.Count)));
        }
    }
}
