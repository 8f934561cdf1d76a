using System.Numerics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// c = a · b by outer products on panels: two vectors of columns of b stay in the first-level cache while rows of a pass by
/// (Goto and van de Geijn 2008, section 4). Strides, transposes and widening are dealt with while packing; where little
/// would be gained by packing the operands are read where they lie.
/// </summary>
/// <remarks>Every element sums the inner axis in the same blocks, each in order, whatever the shape.</remarks>
internal readonly unsafe struct PanelProduct<T, TLanes, TVector, TColumns> : IParallelWork
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TLanes : struct, IProductLanes<T, TVector>
    where TVector : unmanaged
    where TColumns : struct, IColumnSource<T>
{
    // A packed block of a takes half a megabyte of the second-level cache; the taller and wider the items, the less often
    // the same rows and columns are packed again.
    private const int ItemHeight = 516;
    private const int ItemWidth = 1024;
    private const int LeastHeight = 60;
    private const int Tall = 12;
    private const int Low = 4;

    // Packing pays when what was packed is used a few times.
    private const int PackRowsFrom = 256;
    private const int PackColumnsFrom = 36;

    private readonly MatrixView<T> a;
    private readonly TColumns source;
    private readonly ProductTarget<T> target;
    private readonly int itemHeight;
    private readonly int itemWidth;
    private readonly int itemsAcross;
    private readonly int items;
    private readonly bool packRows;

    /// <summary>A product to run on as many threads.</summary>
    public PanelProduct(MatrixView<T> a, TColumns source, ProductTarget<T> target, int threads)
    {
        this.a = a;
        this.source = source;
        this.target = target;
        int n = target.C.Columns;
        int down = (a.Rows + ItemHeight - 1) / ItemHeight;
        int unit = Tall;

        // Two items a thread, as many for each, even out their speeds; narrow ones would pack a again and again.
        int parts = Math.Max((n + ItemWidth - 1) / ItemWidth, threads > 1 ? ((2 * threads) + down - 1) / down : 1);
        parts = down % threads == 0 ? parts : RoundUp(parts, threads);
        itemWidth = Math.Max(RoundUp((n + parts - 1) / parts, 2 * TLanes.Count), Math.Min(128, RoundUp(n, 2 * TLanes.Count)));
        itemsAcross = (n + itemWidth - 1) / itemWidth;

        // Where there are too few columns for that (the gradient of a weight has many more terms than elements), low items do.
        if (threads > 1 && itemsAcross * down < 2 * threads)
        {
            down = Math.Max(down, Math.Min(((2 * threads) + itemsAcross - 1) / itemsAcross, a.Rows / LeastHeight));
            unit = Low;
        }

        itemHeight = RoundUp((a.Rows + down - 1) / down, unit);
        items = itemsAcross * ((a.Rows + itemHeight - 1) / itemHeight);
        packRows = n >= PackRowsFrom && a.Rows >= Tall;
    }

    /// <summary>Computes the product.</summary>
    public void Run(WorkerPool? pool)
    {
        PanelProduct<T, TLanes, TVector, TColumns> work = this;
        ProductPool.For(pool, items, (long)a.Rows * a.Columns * target.C.Columns, ref work);
    }

    public void Invoke(int index)
    {
        int width = 2 * TLanes.Count;
        int left = index % itemsAcross * itemWidth;
        int right = Math.Min(left + itemWidth, target.C.Columns);
        int top = index / itemsAcross * itemHeight;
        int bottom = Math.Min(top + itemHeight, a.Rows);
        int packed = packRows ? RoundUp(bottom - top, Low) * InnerBlocks.Length : 0;
        NativeBuffer<T> memory = ProductMemory<T>.Take((width * InnerBlocks.Length) + (width * Low * 3) + packed);
        T* panel = memory.Pointer;
        T* rows = panel + (width * InnerBlocks.Length) + (width * Tall);
        int k = 0;
        do
        {
            int count = Math.Min(InnerBlocks.Length, a.Columns - k);
            if (packRows)
            {
                PackRows(top, bottom, k, count, rows);
            }

            for (int j = left; j < right; j += width)
            {
                int columns = Math.Min(width, right - j);
                T* b = source.Find(k, j, out nint stride);
                int wide = OuterTile<T, TLanes, TVector>.WideVectors * TLanes.Count;
                if (a.Rows == 1 && b is not null && right - j >= wide && target.C.ColumnStride == 1)
                {
                    OuterTile<T, TLanes, TVector>.Wide(a.Pointer + (k * a.ColumnStride), a.ColumnStride, b, stride, count, target.Tile(0, j, k == 0));
                    j += wide - width;
                    continue;
                }

                if (b is null || columns < width || bottom - top >= PackColumnsFrom)
                {
                    if (columns < width)
                    {
                        new Span<T>(panel, width * count).Clear();
                    }

                    source.Pack(k, count, j, columns, panel, width);
                    b = panel;
                    stride = width;
                }

                Column(top, bottom, k, count, rows, b, stride, j, columns, panel + (width * InnerBlocks.Length));
            }

            k += InnerBlocks.Length;
        }
        while (k < a.Columns);
        GC.KeepAlive(memory);
    }

    private void Column(int top, int bottom, int k, int count, T* rows, T* b, nint stride, int j, int columns, T* spare)
    {
        int width = 2 * TLanes.Count;
        bool direct = columns == width && target.C.ColumnStride == 1;
        for (int i = top; i < bottom;)
        {
            int height = Height(bottom - i);
            int valid = Math.Min(height, bottom - i);
            bool fits = direct && valid == height;
            TileOutput<T> output = fits ? target.Tile(i, j, k == 0) : new TileOutput<T>(spare, width, T.One, null, 0);
            T* from = packRows ? rows + ((nint)(i - top) * count) : a.Pointer + (i * a.RowStride) + (k * a.ColumnStride);
            nint rowStride = packRows ? 1 : a.RowStride;
            nint step = packRows ? height : a.ColumnStride;
            if (height == Tall)
            {
                OuterTile<T, TLanes, TVector>.Twelve(from, rowStride, step, b, stride, count, output);
            }
            else
            {
                OuterTile<T, TLanes, TVector>.Four(from, rowStride, step, valid, b, stride, count, output);
            }

            if (!fits)
            {
                target.Write(spare, width, i, j, valid, columns, k == 0);
            }

            i += height;
        }
    }

    // Tile after tile, each [count, height].
    private void PackRows(int top, int bottom, int k, int count, T* rows)
    {
        for (int i = top; i < bottom;)
        {
            int height = Height(bottom - i);
            int valid = Math.Min(height, bottom - i);
            T* tile = rows + ((nint)(i - top) * count);
            RowPacking.Pack(a.Pointer + (i * a.RowStride) + (k * a.ColumnStride), a.RowStride, a.ColumnStride, valid, count, tile, height);
            i += height;
        }
    }

    private static int Height(int rows) => rows >= Tall && TLanes.HasManyRegisters ? Tall : Low;

    private static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;
}
