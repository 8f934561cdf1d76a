using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Turns a few rows so that their elements of one column lie beside each other.</summary>
internal static unsafe class RowPacking
{
    private const int ColumnsAhead = 16;

    /// <summary>panel[column, row] = rows[row, column].</summary>
    /// <param name="source">The first element of the rows.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="step">Elements from one column to the next.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">How many columns.</param>
    /// <param name="panel">[columns, width]; places beyond rows are left as they are.</param>
    /// <param name="width">Elements from one column of the panel to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack<T>(T* source, nint stride, nint step, int rows, int columns, T* panel, int width)
        where T : unmanaged
    {
        int row = 0;
        if (typeof(T) == typeof(float) && Sse.IsSupported && step == 1)
        {
            for (; row <= rows - 4; row += 4)
            {
                T* first = source + (row * stride);
                int column = 0;
                for (; column <= columns - 4; column += 4)
                {
                    Turn((float*)first + column, stride, (float*)panel + ((nint)column * width) + row, width);
                }

                for (; column < columns; column++)
                {
                    T* target = panel + ((nint)column * width) + row;
                    target[0] = first[column];
                    target[1] = first[stride + column];
                    target[2] = first[(2 * stride) + column];
                    target[3] = first[(3 * stride) + column];
                }
            }
        }
        else if (stride == 1)
        {
            PackColumns(source, step, rows / 4 * 4, columns, panel, width);
            row = rows / 4 * 4;
        }

        for (; row < rows; row++)
        {
            T* first = source + (row * stride);
            for (int column = 0; column < columns; column++)
            {
                panel[((nint)column * width) + row] = first[column * step];
            }
        }
    }

    // Rows of a transposed matrix lie beside each other already.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackColumns<T>(T* source, nint step, int rows, int columns, T* panel, int width)
        where T : unmanaged
    {
        for (int column = 0; column < columns; column++)
        {
            T* from = source + (column * step);
            T* target = panel + ((nint)column * width);
            if (Sse.IsSupported)
            {
                // Columns far apart are not foreseen by the processor.
                Sse.Prefetch0(from + (ColumnsAhead * step));
            }

            for (int row = 0; row < rows; row += 4)
            {
                // A constant length becomes plain moves.
                Unsafe.CopyBlockUnaligned(target + row, from + row, (uint)(4 * sizeof(T)));
            }
        }
    }

    // Four by four: pairs of rows are interleaved, then pairs of pairs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(float* source, nint stride, float* target, nint width)
    {
        Vector128<float> a = Vector128.Load(source);
        Vector128<float> b = Vector128.Load(source + stride);
        Vector128<float> c = Vector128.Load(source + (2 * stride));
        Vector128<float> d = Vector128.Load(source + (3 * stride));
        Vector128<float> abLow = Sse.UnpackLow(a, b);
        Vector128<float> abHigh = Sse.UnpackHigh(a, b);
        Vector128<float> cdLow = Sse.UnpackLow(c, d);
        Vector128<float> cdHigh = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(abLow, cdLow).Store(target);
        Sse.MoveHighToLow(cdLow, abLow).Store(target + width);
        Sse.MoveLowToHigh(abHigh, cdHigh).Store(target + (2 * width));
        Sse.MoveHighToLow(cdHigh, abHigh).Store(target + (3 * width));
    }
}
