using System.Numerics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// c = x · wᵀ where both are contiguous along the inner axis, by inner products: nothing is transposed, and rows of w are
/// copied only where they would contend for the cache. An item is a run of rows of w against a run of rows of x; rows of w
/// stay in the second-level cache, rows of x pass through the first.
/// </summary>
/// <remarks>Every product sums the inner axis in the same blocks, each as <see cref="DotTile{T, TLanes, TVector}"/> says, whatever the shape.</remarks>
internal readonly unsafe struct RowProduct<T, TLanes, TVector, TRows>(MatrixView<T> x, TRows source, ProductTarget<T> target) : IParallelWork
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TLanes : struct, IProductLanes<T, TVector>
    where TVector : unmanaged
    where TRows : struct, IRowSource<T>
{
    // A first-level cache places what lies this many bytes apart in the same set.
    private const int SetPeriod = 4096;

    // Rows of working memory keep a cache line between them, so that they begin in different sets.
    private static int Apart => 64 / sizeof(T);

    // Larger items read x and w less often, and there are still enough of them to go round; a copy of w is used often.
    private bool IsLarge => x.Rows >= 256 && target.C.Columns >= 1024;

    private int ItemHeight => IsLarge ? 516 : 192;

    // One row of x uses each row of w once: widened rows need not outlive the first-level cache.
    private int ItemRows => x.Rows == 1 ? 8 : IsLarge ? 128 : 64;

    private int Runs => (target.C.Columns + ItemRows - 1) / ItemRows;

    private int Height
    {
        get
        {
            int parts = (x.Rows + ItemHeight - 1) / ItemHeight;
            return ((x.Rows + parts - 1) / parts + 5) / 6 * 6;
        }
    }

    /// <summary>Computes the product.</summary>
    public void Run(WorkerPool? pool)
    {
        int items = Runs * ((x.Rows + Height - 1) / Height);
        RowProduct<T, TLanes, TVector, TRows> work = this;
        ProductPool.For(pool, items, (long)x.Rows * x.Columns * target.C.Columns, ref work);
    }

    public void Invoke(int index)
    {
        int most = ItemRows;
        int first = index % Runs * most;
        int rows = Math.Min(most, target.C.Columns - first);
        int top = index / Runs * Height;
        int bottom = Math.Min(top + Height, x.Rows);
        int length = RowBlocks.Length(x.Columns);
        int pitch = length + Apart;
        NativeBuffer<T> memory = ProductMemory<T>.Take(most * pitch);
        T** pointers = stackalloc T*[most + RowBlocks.Columns];
        T* spare = stackalloc T[6 * RowBlocks.Columns];
        int start = 0;
        do
        {
            int count = Math.Min(length, x.Columns - start);
            source.Fetch(first, rows, start, count, memory.Pointer, pitch, pointers);
            if (IsLarge && rows > 1 && (nint)(pointers[1] - pointers[0]) * sizeof(T) % SetPeriod == 0)
            {
                Spread(pointers, rows, count, memory.Pointer, pitch);
            }

            for (int i = 0; i < RowBlocks.Columns - 1; i++)
            {
                pointers[rows + i] = pointers[rows - 1];
            }

            for (int i = top; i < bottom;)
            {
                int height = bottom - i >= 6 && TLanes.HasManyRegisters ? 6 : Math.Min(3, bottom - i);
                int j = height == 6 && target.C.ColumnStride == 1 ? Tiles(i, first, rows, start, count, pointers) : 0;
                for (; j < rows; j += RowBlocks.Columns)
                {
                    Tile(i, height, first + j, Math.Min(RowBlocks.Columns, rows - j), start, count, pointers + j, spare);
                }

                i += height;
            }

            start += length;
        }
        while (start < x.Columns);
        GC.KeepAlive(memory);
    }

    // Copies rows whose elements of one column would all compete for the same few places of the first-level cache.
    private static void Spread(T** pointers, int rows, int count, T* memory, int pitch)
    {
        for (int i = 0; i < rows; i++)
        {
            T* target = memory + ((nint)i * pitch);
            new ReadOnlySpan<T>(pointers[i], count).CopyTo(new Span<T>(target, count));
            pointers[i] = target;
        }
    }

    // Whole tiles one after the other, for a short inner axis leaves little to do in each.
    private int Tiles(int row, int first, int rows, int start, int count, T** w)
    {
        T* lines = x.Pointer + (row * x.RowStride) + start;
        int columns = rows - (rows % RowBlocks.Columns);
        int whole = count - (count % TLanes.Count);
        DotTile<T, TLanes, TVector>.Six(lines, x.RowStride, w, columns, whole, target.Tile(row, first, start == 0));
        if (whole < count)
        {
            AddRest(row, 6, first, columns, lines + whole, w, whole, count - whole);
        }

        return columns;
    }

    private void Tile(int row, int rows, int column, int columns, int start, int count, T** w, T* spare)
    {
        T* lines = x.Pointer + (row * x.RowStride) + start;
        int whole = count - (count % TLanes.Count);
        bool fits = columns == RowBlocks.Columns && rows != 2 && target.C.ColumnStride == 1;
        TileOutput<T> output = fits ? target.Tile(row, column, start == 0) : new TileOutput<T>(spare, RowBlocks.Columns, T.One, null, 0);
        if (rows == 6)
        {
            DotTile<T, TLanes, TVector>.Six(lines, x.RowStride, w, RowBlocks.Columns, whole, output);
        }
        else if (rows == 1)
        {
            DotTile<T, TLanes, TVector>.One(lines, w, whole, output);
        }
        else
        {
            DotTile<T, TLanes, TVector>.Three(lines, x.RowStride, rows, w, whole, output);
        }

        if (!fits)
        {
            target.Write(spare, RowBlocks.Columns, row, column, rows, columns, start == 0);
        }

        if (whole < count)
        {
            AddRest(row, rows, column, columns, lines + whole, w, whole, count - whole);
        }
    }

    // What is left of the inner axis after whole vectors, in order.
    private void AddRest(int row, int rows, int column, int columns, T* lines, T** w, int start, int count)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                T sum = T.Zero;
                for (int k = 0; k < count; k++)
                {
                    sum = T.MultiplyAddEstimate(lines[(i * x.RowStride) + k], w[j][start + k], sum);
                }

                target.Write(&sum, 1, row + i, column + j, 1, 1, isFirstBlock: false);
            }
        }
    }
}
