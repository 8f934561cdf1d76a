using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Blocks;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Kernels.Products;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels;

/// <summary>
/// The product of one vector with a stored weight: what generation spends its time on. Weights are widened in registers or a
/// block at a time, never as a whole.
/// </summary>
/// <remarks>
/// A result has the bits of the same product with the weight's widened values (<see cref="ElementDecoder"/>) stored in single
/// precision: every value is rounded as the format defines it, and sums run in the order that <see cref="RowProduct{T, TLanes, TVector, TRows}"/> keeps.
/// </remarks>
internal static unsafe class VectorProduct
{
    // Rows of whole vectors of any width.
    private const int Vectors = 16;

    /// <summary>y = weight · x (+ bias), for 16-bit floats and all GGUF blocks.</summary>
    /// <param name="pool">Threads to share the outputs; null computes on the caller alone.</param>
    /// <param name="x">[inputs].</param>
    /// <param name="weight">[outputs, inputs], not stored transposed.</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <param name="y">[outputs].</param>
    /// <returns>False if the type is none of these or rows are not whole vectors; nothing was done then.</returns>
    public static bool TryLinear(WorkerPool? pool, float* x, WeightMatrix weight, float* bias, float* y)
    {
        if (weight.Columns % Vectors != 0)
        {
            return false;
        }

        ProductTarget<float> target = new(new MatrixView<float>(y, 1, weight.Rows, weight.Rows), 1, bias, accumulate: false);
        switch (weight.Type)
        {
            case ElementType.Float16:
                return Plain<IeeeHalf>(pool, x, weight, target);
            case ElementType.BFloat16:
                return Plain<BrainHalf>(pool, x, weight, target);
            case ElementType.Q8_0:
                return Blocks<BlockQ8_0>(pool, x, weight, target);
            case ElementType.Q4_0:
                return Blocks<BlockQ4_0>(pool, x, weight, target);
            case ElementType.Q4_1:
                return Blocks<BlockQ4_1>(pool, x, weight, target);
            case ElementType.Q4_K when Vector512.IsHardwareAccelerated:
                return Run<NibbleDot<Lanes512, ProductLanes512<float>, Vector512<float>>>(pool, x, weight, target);
            case ElementType.Q4_K when Vector256.IsHardwareAccelerated:
                return Run<NibbleDot<Lanes256, ProductLanes256<float>, Vector256<float>>>(pool, x, weight, target);
            case ElementType.Q4_K when Vector128.IsHardwareAccelerated:
                return Run<NibbleDot<Lanes128, ProductLanes128<float>, Vector128<float>>>(pool, x, weight, target);
            default:
                return Vector128.IsHardwareAccelerated && GroupedBlocks.TryUse(weight.Type, new GroupedProduct(pool, x, weight, target));
        }
    }

    private static bool Plain<TFormat>(WorkerPool? pool, float* x, WeightMatrix weight, ProductTarget<float> target)
        where TFormat : struct, IHalfFormat =>
            Vector512.IsHardwareAccelerated ? Run<PlainDot<TFormat, Lanes512, ProductLanes512<float>, Vector512<float>>>(pool, x, weight, target)
            : Vector256.IsHardwareAccelerated ? Run<PlainDot<TFormat, Lanes256, ProductLanes256<float>, Vector256<float>>>(pool, x, weight, target)
            : Vector128.IsHardwareAccelerated && Run<PlainDot<TFormat, Lanes128, ProductLanes128<float>, Vector128<float>>>(pool, x, weight, target);

    private static bool Blocks<TBlock>(WorkerPool? pool, float* x, WeightMatrix weight, ProductTarget<float> target)
        where TBlock : struct, IBlock32 =>
            Vector512.IsHardwareAccelerated ? Run<BlockDot<TBlock, Lanes512, ProductLanes512<float>, Vector512<float>>>(pool, x, weight, target)
            : Vector256.IsHardwareAccelerated ? Run<BlockDot<TBlock, Lanes256, ProductLanes256<float>, Vector256<float>>>(pool, x, weight, target)
            : Vector128.IsHardwareAccelerated && Run<BlockDot<TBlock, Lanes128, ProductLanes128<float>, Vector128<float>>>(pool, x, weight, target);

    private static bool Run<TDot>(WorkerPool? pool, float* x, WeightMatrix weight, ProductTarget<float> target)
        where TDot : struct, IStoredDot
    {
        Work<TDot> work = new(x, weight, target);
        ProductPool.For(pool, (weight.Rows + Work<TDot>.Rows - 1) / Work<TDot>.Rows, (long)weight.Rows * weight.Columns, ref work);
        return true;
    }

    private readonly struct GroupedProduct(WorkerPool? pool, float* x, WeightMatrix weight, ProductTarget<float> target) : IGroupedBlockUser
    {
        public void Use<TBlock>()
            where TBlock : struct, IGroupedBlock =>
                _ = Vector512.IsHardwareAccelerated ? Run<GroupedDot<TBlock, Lanes512, ProductLanes512<float>, Vector512<float>>>(pool, x, weight, target)
                    : Vector256.IsHardwareAccelerated ? Run<GroupedDot<TBlock, Lanes256, ProductLanes256<float>, Vector256<float>>>(pool, x, weight, target)
                    : Run<GroupedDot<TBlock, Lanes128, ProductLanes128<float>, Vector128<float>>>(pool, x, weight, target);
    }

    private readonly struct Work<TDot>(float* x, WeightMatrix weight, ProductTarget<float> target) : IParallelWork
        where TDot : struct, IStoredDot
    {
        /// <summary>Rows of an item: some tens of kilobytes, so that threads seldom meet.</summary>
        public const int Rows = 64;

        public void Invoke(int index)
        {
            byte** rows = stackalloc byte*[RowBlocks.Columns];
            float* spare = stackalloc float[RowBlocks.Columns];
            int length = RowBlocks.Length(weight.Columns);
            long skipped = weight.Type.BytesFor(length);
            int end = Math.Min((index + 1) * Rows, weight.Rows);
            for (int first = index * Rows; first < end; first += RowBlocks.Columns)
            {
                for (int i = 0; i < RowBlocks.Columns; i++)
                {
                    rows[i] = weight.RowPointer(Math.Min(first + i, end - 1));
                }

                for (int start = 0; start < weight.Columns; start += length)
                {
                    int count = Math.Min(length, weight.Columns - start);
                    bool fits = end - first >= RowBlocks.Columns;
                    TDot.Four(x + start, rows, count, fits ? target.Tile(0, first, start == 0) : new TileOutput<float>(spare, 0, 1, null, 0));
                    if (!fits)
                    {
                        target.Write(spare, RowBlocks.Columns, 0, first, 1, end - first, start == 0);
                    }

                    for (int i = 0; i < RowBlocks.Columns; i++)
                    {
                        rows[i] += skipped;
                    }
                }
            }
        }
    }
}
