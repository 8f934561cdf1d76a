using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Products;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed unsafe class LinearTransposedTests
{
    private static readonly ElementType[] Plain = [ElementType.Float64, ElementType.Float32, ElementType.Float16, ElementType.BFloat16, ElementType.Float8E4M3, ElementType.Float8E5M2];

    public static TheoryData<ElementType> Types => [.. Enum.GetValues<ElementType>().Where(type => type.IsWeight())];

    public static TheoryData<ElementType> PlainTypes => [.. Plain];

    public static TheoryData<int> ThreadCounts => [1, 2, 3];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_stored_type_multiplies_as_its_widened_values_do(ElementType type)
    {
        Random random = new(5);
        foreach (int m in new[] { 1, 5, 13 })
        {
            int inputs = type.ValuesPerBlock() == 1 ? new[] { 1, 5, 16, 63, 131 }[random.Next(5)] : type.ValuesPerBlock() * random.Next(1, 5);
            CheckViews(KernelData.Weight(type, random.Next(1, 70), inputs, seed: m), m, random);
        }
    }

    [Theory]
    [MemberData(nameof(PlainTypes))]
    public void Transposed_storage_multiplies_as_its_widened_values_do(ElementType type)
    {
        Random random = new(6);
        foreach (int m in new[] { 1, 5, 13 })
        {
            CheckViews(KernelData.Weight(type, random.Next(1, 120), new[] { 1, 5, 64, 300 }[random.Next(4)], seed: m, transposed: true), m, random);
        }
    }

    [Theory]
    [InlineData(ElementType.Float32, false, 600, 700, 300)]
    [InlineData(ElementType.Float32, true, 600, 700, 300)]
    [InlineData(ElementType.Q4_1, false, 33, 1601, 96)]
    [InlineData(ElementType.Q6_K, false, 40, 333, 768)]
    [InlineData(ElementType.BFloat16, true, 17, 1601, 133)]
    public void Weights_larger_than_the_blocks_multiply_as_their_widened_values_do(ElementType type, bool transposed, int m, int outputs, int inputs)
    {
        WeightMatrix weight = KernelData.Weight(type, outputs, inputs, seed: 1, transposed);
        Check<float>(new WorkerPool(2), weight, m, accumulate: true, new Random(7));
        Check<double>(new WorkerPool(2), weight, m, accumulate: false, new Random(7));
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Any_number_of_threads_gives_the_same_bits_and_rows_do_not_depend_on_each_other(int threads)
    {
        WorkerPool pool = new(threads);
        foreach (WeightMatrix weight in new[] { KernelData.Weight(ElementType.Q4_1, 900, 320, 1), KernelData.Weight(ElementType.Float32, 900, 333, 2), KernelData.Weight(ElementType.Float16, 900, 333, 3, transposed: true) })
        {
            using GuardedMatrix<float> dy = new(40, weight.Rows, seed: 4);
            using GuardedMatrix<float> alone = new(40, weight.Columns);
            using GuardedMatrix<float> shared = new(40, weight.Columns);
            MatrixProduct.LinearTransposed(pool, dy.View, weight, shared.View);
            for (int row = 0; row < 40; row++)
            {
                MatrixProduct.LinearTransposed(null, Row(dy.View, row), weight, Row(alone.View, row));
            }

            ProductAssert.SameBits(alone.ToArray(), shared.ToArray());
        }
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        foreach (WeightMatrix weight in new[] { KernelData.Weight(ElementType.Q4_1, 40, 1600, 1), KernelData.Weight(ElementType.Float16, 40, 900, 3, transposed: true) })
        {
            using GuardedMatrix<float> dy = new(9, weight.Rows, seed: 4);
            using GuardedMatrix<float> dx = new(9, weight.Columns);
            MatrixProduct.LinearTransposed(null, dy.View, weight, dx.View);
            long before = GC.GetAllocatedBytesForCurrentThread();
            MatrixProduct.LinearTransposed(null, dy.View, weight, dx.View);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    private static void CheckViews(WeightMatrix weight, int m, Random random)
    {
        int outputs = weight.Rows;
        Check<float>(null, weight, m, accumulate: false, random);
        Check<double>(null, weight, m, accumulate: true, random);
        Check<float>(null, weight.SelectRows([outputs - 1, 0, .. Enumerable.Range(0, outputs).Reverse(), .. Enumerable.Range(outputs / 2, outputs - (outputs / 2))]), m, accumulate: true, random);
        Check<float>(null, weight.SliceRows(outputs / 3, outputs - (outputs / 3)), m, accumulate: false, random);
    }

    private static void Check<T>(WorkerPool? pool, WeightMatrix weight, int m, bool accumulate, Random random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int gap = random.Next(3);
        using GuardedMatrix<T> dy = new(m, weight.Rows, random.Next(3), seed: 1 + random.Next(99));
        using GuardedMatrix<T> expected = new(m, weight.Columns, gap, seed: accumulate ? 3 : 0);
        using GuardedMatrix<T> actual = new(m, weight.Columns, gap, seed: 3);
        using GuardedMatrix<T> sizes = new(m, weight.Columns);
        T[] values = weight.Decode<T>();
        fixed (T* w = values)
        {
            MatrixView<T> whole = new(w, weight.Rows, weight.Columns, weight.Columns);
            ReferenceProduct.Multiply(dy.View, whole, expected.View, T.One, accumulate);
        }

        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < weight.Columns; j++)
            {
                T size = accumulate ? T.CreateTruncating(10) : T.Zero;
                for (int k = 0; k < weight.Rows; k++)
                {
                    size += T.Abs(dy[i, k] * values[(k * weight.Columns) + j]);
                }

                sizes[i, j] = size;
            }
        }

        MatrixProduct.LinearTransposed(pool, dy.View, weight, actual.View, accumulate);
        Assert.Equal(expected.NotANumber, actual.NotANumber);
        ProductAssert.Close(expected.ToArray(), actual.ToArray(), sizes.ToArray(), weight.Rows);
    }

    private static MatrixView<float> Row(MatrixView<float> view, int row) =>
        view with { Data = (nint)(view.Pointer + (row * view.RowStride)), Rows = 1 };
}
