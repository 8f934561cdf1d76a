using System.Numerics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// c = x · wᵀ where both are contiguous along the inner axis, by inner products: nothing is transposed or packed. An item
/// is a run of rows of w against a run of rows of x; rows of w stay in the second-level cache, rows of x pass through the
/// first.
/// </summary>
/// <remarks>Every product sums the inner axis in the same blocks, each as <see cref="DotTile{T, TLanes, TVector}"/> says, whatever the shape.</remarks>
internal readonly unsafe struct RowProduct<T, TLanes, TVector, TRows>(MatrixView<T> x, TRows source, ProductTarget<T> target) : IParallelWork
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TLanes : struct, IProductLanes<T, TVector>
    where TVector : unmanaged
    where TRows : struct, IRowSource<T>
{
    // Six rows of x and four of w take 30 kB of the first-level cache in single precision. A multiple of every block.
    private const int InnerBlock = 768;
    private const int ItemRows = 32;
    private const int ItemHeight = 504;
    private const int Columns = 4;

    private int Runs => (target.C.Columns + ItemRows - 1) / ItemRows;

    /// <summary>Computes the product.</summary>
    public void Run(WorkerPool? pool)
    {
        int items = Runs * ((x.Rows + ItemHeight - 1) / ItemHeight);
        RowProduct<T, TLanes, TVector, TRows> work = this;
        ProductPool.For(pool, items, (long)x.Rows * x.Columns * target.C.Columns, ref work);
    }

    public void Invoke(int index)
    {
        int first = index % Runs * ItemRows;
        int rows = Math.Min(ItemRows, target.C.Columns - first);
        int top = index / Runs * ItemHeight;
        int bottom = Math.Min(top + ItemHeight, x.Rows);
        NativeBuffer<T> memory = ProductMemory<T>.Take(ItemRows * InnerBlock);
        T** pointers = stackalloc T*[ItemRows + Columns];
        int start = 0;
        do
        {
            int count = Math.Min(InnerBlock, x.Columns - start);
            source.Fetch(first, rows, start, count, memory.Pointer, pointers);
            for (int i = 0; i < Columns - 1; i++)
            {
                pointers[rows + i] = pointers[rows - 1];
            }

            Block(first, rows, top, bottom, start, count, pointers);
            start += InnerBlock;
        }
        while (start < x.Columns);
        GC.KeepAlive(memory);
    }

    private void Block(int first, int rows, int top, int bottom, int start, int count, T** pointers)
    {
        T* sums = stackalloc T[6 * Columns];
        for (int i = top; i < bottom;)
        {
            T* lines = x.Pointer + (i * x.RowStride) + start;
            int height = bottom - i >= 6 && TLanes.HasManyRegisters ? 6 : Math.Min(3, bottom - i);
            for (int j = 0; j < rows; j += Columns)
            {
                if (height == 6)
                {
                    DotTile<T, TLanes, TVector>.Six(lines, x.RowStride, pointers + j, count, sums);
                }
                else if (bottom - top == 1)
                {
                    DotTile<T, TLanes, TVector>.One(lines, pointers + j, count, sums);
                }
                else
                {
                    DotTile<T, TLanes, TVector>.Three(lines, x.RowStride, height, pointers + j, count, sums);
                }

                target.Write(sums, Columns, i, first + j, height, Math.Min(Columns, rows - j), start == 0);
            }

            i += height;
        }
    }
}
