using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Products;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed unsafe class LinearTests
{
    private static readonly ElementType[] Plain = [ElementType.Float64, ElementType.Float32, ElementType.Float16, ElementType.BFloat16, ElementType.Float8E4M3, ElementType.Float8E5M2];

    public static TheoryData<ElementType> Types => [.. Enum.GetValues<ElementType>().Where(type => type.IsWeight())];

    public static TheoryData<ElementType> PlainTypes => [.. Plain];

    public static TheoryData<int> ThreadCounts => [1, 2, 3, 8];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_stored_type_multiplies_as_its_widened_values_do(ElementType type)
    {
        Random random = new(5);
        foreach (int m in new[] { 1, 2, 3, 4, 6, 7, 13 })
        {
            int k = type.ValuesPerBlock() == 1 ? new[] { 1, 5, 16, 63, 131 }[random.Next(5)] : type.ValuesPerBlock() * random.Next(1, 5);
            int n = random.Next(1, 70);
            WeightMatrix weight = KernelData.Weight(type, n, k, seed: m);
            Check<float>(null, weight, m, random);
            Check<double>(null, weight, m, random);
            Check<float>(null, weight.SelectRows([n - 1, 0, .. Enumerable.Range(0, n).Reverse()]), m, random);
            Check<float>(null, weight.SliceRows(n / 3, n - (n / 3)), m, random);
        }
    }

    [Theory]
    [MemberData(nameof(PlainTypes))]
    public void Transposed_storage_multiplies_as_its_widened_values_do(ElementType type)
    {
        Random random = new(6);
        foreach (int m in new[] { 1, 2, 4, 5, 12, 15, 50 })
        {
            int k = new[] { 1, 5, 64, 300 }[random.Next(4)];
            int n = random.Next(1, 120);
            WeightMatrix weight = KernelData.Weight(type, n, k, seed: m, transposed: true);
            Check<float>(null, weight, m, random);
            Check<double>(null, weight, m, random);
            Check<float>(null, weight.SelectRows([n - 1, 0, .. Enumerable.Range(0, n).Reverse(), .. Enumerable.Range(n / 2, n - (n / 2))]), m, random);
            Check<float>(null, weight.SliceRows(n / 3, n - (n / 3)), m, random);
        }
    }

    [Theory]
    [InlineData(ElementType.Float32, 1, 1700, 130)]
    [InlineData(ElementType.Float32, 600, 800, 70)]
    [InlineData(ElementType.Q4_1, 33, 1600, 101)]
    [InlineData(ElementType.Q4_1, 1, 1600, 999)]
    [InlineData(ElementType.Q8_0, 1, 2336, 333)]
    [InlineData(ElementType.Q6_K, 1, 1792, 333)]
    [InlineData(ElementType.Float16, 1, 1601, 333)]
    public void Weights_larger_than_the_blocks_multiply_as_their_widened_values_do(ElementType type, int m, int k, int n)
    {
        Random random = new(7);
        Check<float>(new WorkerPool(2), KernelData.Weight(type, n, k, seed: 1), m, random);
        Check<double>(new WorkerPool(2), KernelData.Weight(type, n, k, seed: 1), m, random);
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Any_number_of_threads_gives_the_same_bits(int threads)
    {
        WorkerPool pool = new(threads);
        foreach (int m in new[] { 1, 5, 40 })
        {
            foreach (WeightMatrix weight in new[] { KernelData.Weight(ElementType.Q4_1, 210, 1600, 1), KernelData.Weight(ElementType.Float32, 210, 900, 2), KernelData.Weight(ElementType.Float16, 210, 900, 3, transposed: true) })
            {
                using GuardedMatrix<float> x = new(m, weight.Columns, seed: 4);
                using GuardedMatrix<float> alone = new(m, weight.Rows);
                using GuardedMatrix<float> shared = new(m, weight.Rows);
                MatrixProduct.Linear(null, x.View, weight, null, alone.View);
                MatrixProduct.Linear(pool, x.View, weight, null, shared.View);
                ProductAssert.SameBits(alone.ToArray(), shared.ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_product_has_the_bits_of_the_product_with_the_widened_values(ElementType type)
    {
        // More inputs than are summed at once, and rows that are not a multiple of four.
        const int outputs = 71;
        int inputs = type.ValuesPerBlock() == 1 ? 1200 : 1280;
        WeightMatrix weight = KernelData.Weight(type, outputs, inputs, seed: 8);
        float[] values = new float[outputs * inputs];
        for (int row = 0; row < outputs; row++)
        {
            ElementDecoder.Decode(type, new ReadOnlySpan<byte>(weight.RowPointer(row), (int)type.BytesFor(inputs)), values.AsSpan(row * inputs, inputs));
        }

        WeightMatrix widened = WeightMatrix.FromArray(values, outputs, inputs);
        foreach (int m in new[] { 1, 2, 3, 5, 6, 8, 11, 16 })
        {
            using GuardedMatrix<float> x = new(m, inputs, seed: m);
            using GuardedMatrix<float> bias = new(1, outputs, seed: 5);
            using GuardedMatrix<float> expected = new(m, outputs);
            using GuardedMatrix<float> actual = new(m, outputs);
            MatrixProduct.Linear(null, x.View, widened, bias.View.Pointer, expected.View);
            MatrixProduct.Linear(null, x.View, weight, bias.View.Pointer, actual.View);
            ProductAssert.SameBits(expected.ToArray(), actual.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_row_has_the_same_bits_alone_and_among_others(ElementType type)
    {
        CheckRows(KernelData.Weight(type, 45, type.ValuesPerBlock() == 1 ? 1001 : 1536, seed: 1));
        if (type.ValuesPerBlock() == 1)
        {
            CheckRows(KernelData.Weight(type, 45, 1001, seed: 1, transposed: true));
        }
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        foreach (WeightMatrix weight in new[] { KernelData.Weight(ElementType.Q4_1, 40, 1600, 1), KernelData.Weight(ElementType.Float32, 40, 900, 2), KernelData.Weight(ElementType.Q6_K, 40, 512, 3), KernelData.Weight(ElementType.Float16, 40, 900, 3, transposed: true) })
        {
            foreach (int m in new[] { 1, 9 })
            {
                using GuardedMatrix<float> x = new(m, weight.Columns, seed: 4);
                using GuardedMatrix<float> y = new(m, weight.Rows);
                MatrixProduct.Linear(null, x.View, weight, null, y.View);
                long before = GC.GetAllocatedBytesForCurrentThread();
                MatrixProduct.Linear(null, x.View, weight, null, y.View);
                Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
            }
        }
    }

    private static void CheckRows(WeightMatrix weight)
    {
        int m = 20;
        using GuardedMatrix<float> x = new(m, weight.Columns, seed: 4);
        using GuardedMatrix<float> together = new(m, weight.Rows);
        using GuardedMatrix<float> alone = new(m, weight.Rows);
        using GuardedMatrix<float> bias = new(1, weight.Rows, seed: 5);
        MatrixProduct.Linear(null, x.View, weight, bias.View.Pointer, together.View);
        for (int i = 0; i < m; i++)
        {
            MatrixProduct.Linear(
                null,
                x.View with { Data = (nint)(x.View.Pointer + (i * x.View.RowStride)), Rows = 1 },
                weight,
                bias.View.Pointer,
                alone.View with { Data = (nint)(alone.View.Pointer + (i * alone.View.RowStride)), Rows = 1 });
        }

        ProductAssert.SameBits(together.ToArray(), alone.ToArray());
    }

    private static void Check<T>(WorkerPool? pool, WeightMatrix weight, int m, Random random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int n = weight.Rows;
        using GuardedMatrix<T> x = new(m, weight.Columns, random.Next(3), seed: 1 + random.Next(99));
        using GuardedMatrix<T> bias = new(1, n, seed: 1 + random.Next(99));
        T* added = random.Next(2) == 0 ? null : bias.View.Pointer;
        int gap = random.Next(3);
        using GuardedMatrix<T> expected = new(m, n, gap);
        using GuardedMatrix<T> actual = new(m, n, gap);
        ReferenceProduct.Linear(x.View, weight, added, expected.View);
        MatrixProduct.Linear(pool, x.View, weight, added, actual.View);
        Assert.Equal(expected.NotANumber, actual.NotANumber);
        ProductAssert.Close(expected.ToArray(), actual.ToArray(), Magnitudes(x, weight, added), weight.Columns);
    }

    private static T[] Magnitudes<T>(GuardedMatrix<T> x, WeightMatrix weight, T* bias)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] values = weight.Decode<T>();
        T[] sums = new T[x.View.Rows * weight.Rows];
        for (int i = 0; i < sums.Length; i++)
        {
            int row = i % weight.Rows;
            T sum = bias is null ? T.Zero : T.Abs(bias[row]);
            for (int k = 0; k < weight.Columns; k++)
            {
                sum += T.Abs(x[i / weight.Rows, k] * values[(row * weight.Columns) + k]);
            }

            sums[i] = sum;
        }

        return sums;
    }
}
