using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Products;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed unsafe class MultiplyTests
{
    private static readonly int[] Sizes = [1, 2, 3, 4, 5, 7, 11, 12, 13, 16, 17, 23, 31, 32, 33, 47, 64, 65, 97];

    public static TheoryData<int, int, int> LargeShapes => new()
    {
        { 1, 1, 1 }, { 3, 0, 5 }, { 37, 300, 101 }, { 13, 1000, 33 }, { 400, 17, 530 }, { 2, 1600, 3 }, { 509, 259, 65 }, { 128, 256, 36 },
    };

    public static TheoryData<int> ThreadCounts => [1, 2, 3, 8];

    [Fact]
    public void Small_products_of_any_layout_equal_their_definition()
    {
        Random random = new(11);
        for (int round = 0; round < 400; round++)
        {
            int m = Sizes[random.Next(Sizes.Length)];
            int k = Sizes[random.Next(Sizes.Length)];
            int n = Sizes[random.Next(Sizes.Length)];
            Check<float>(null, m, k, n, random);
            Check<double>(null, m, k, n, random);
        }
    }

    [Theory]
    [MemberData(nameof(LargeShapes))]
    public void Products_larger_than_the_blocks_equal_their_definition(int m, int k, int n)
    {
        WorkerPool pool = new(2);
        Random random = new(m + k + n);
        for (int round = 0; round < 4; round++)
        {
            Check<float>(pool, m, k, n, random);
            Check<double>(pool, m, k, n, random);
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Any_number_of_threads_gives_the_same_bits(int threads)
    {
        WorkerPool pool = new(threads);
        foreach ((int m, int k, int n) in new[] { (61, 300, 190), (7, 500, 90), (700, 30, 65), (40, 2000, 40), (600, 40, 1100) })
        {
            foreach (bool transposed in new[] { false, true })
            {
                using GuardedMatrix<float> a = new(m, k, seed: 1);
                using GuardedMatrix<float> b = new(k, n, columnMajor: transposed, seed: 2);
                using GuardedMatrix<float> alone = new(m, n);
                using GuardedMatrix<float> shared = new(m, n);
                MatrixProduct.Multiply(null, a.View, b.View, alone.View, 1f);
                MatrixProduct.Multiply(pool, a.View, b.View, shared.View, 1f);
                ProductAssert.SameBits(alone.ToArray(), shared.ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void The_gradient_of_a_small_weight_has_the_same_bits_on_any_number_of_threads(int threads)
    {
        WorkerPool pool = new(threads);
        foreach ((int rows, int inputs, int outputs) in new[] { (1500, 128, 130), (700, 130, 350), (1100, 350, 128), (900, 20, 17) })
        {
            using GuardedMatrix<float> dy = new(rows, outputs, gap: 3, seed: 1);
            using GuardedMatrix<float> x = new(rows, inputs, gap: 1, seed: 2);
            using GuardedMatrix<float> exact = new(outputs, inputs, seed: 3);
            using GuardedMatrix<float> alone = new(outputs, inputs, seed: 3);
            using GuardedMatrix<float> shared = new(outputs, inputs, seed: 3);
            ReferenceProduct.Multiply(dy.View.Transpose(), x.View, exact.View, 1f, accumulate: true);
            MatrixProduct.Multiply(null, dy.View.Transpose(), x.View, alone.View, 1f, accumulate: true);
            MatrixProduct.Multiply(pool, dy.View.Transpose(), x.View, shared.View, 1f, accumulate: true);
            ProductAssert.SameBits(alone.ToArray(), shared.ToArray());
            float[] sums = exact.ToArray();
            float[] found = alone.ToArray();
            for (int i = 0; i < sums.Length; i++)
            {
                Assert.Equal(sums[i], found[i], 2e-4 * Math.Sqrt(rows));
            }
        }
    }

    [Theory]
    [InlineData(false, 41, 1100, 77)]
    [InlineData(true, 41, 1100, 77)]
    [InlineData(true, 270, 2048, 1028)]
    public void A_row_has_the_same_bits_alone_and_among_others(bool transposed, int m, int k, int n)
    {
        using GuardedMatrix<float> a = new(m, k, seed: 1);
        using GuardedMatrix<float> b = new(k, n, columnMajor: transposed, seed: 2);
        using GuardedMatrix<float> together = new(m, n);
        using GuardedMatrix<float> alone = new(m, n);
        MatrixProduct.Multiply(null, a.View, b.View, together.View, 0.7f);
        for (int i = 0; i < m; i++)
        {
            MatrixProduct.Multiply(
                null,
                a.View with { Data = (nint)(a.View.Pointer + (i * a.View.RowStride)), Rows = 1 },
                b.View,
                alone.View with { Data = (nint)(alone.View.Pointer + (i * alone.View.RowStride)), Rows = 1 },
                0.7f);
        }

        ProductAssert.SameBits(together.ToArray(), alone.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_not_finite_reaches_its_row_and_no_other(bool transposed)
    {
        (int m, int k, int n) = (29, 70, 45);
        using GuardedMatrix<float> a = new(m, k, seed: 1);
        using GuardedMatrix<float> b = new(k, n, columnMajor: transposed, seed: 2);
        a[3, 69] = float.NaN;
        a[28, 0] = float.PositiveInfinity;
        b[0, 7] = 0;
        using GuardedMatrix<float> c = new(m, n);
        MatrixProduct.Multiply(null, a.View, b.View, c.View, 1f);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                Assert.Equal(i is not 3 and not 28, float.IsFinite(c[i, j]));
                Assert.Equal(i == 3 || (i == 28 && j == 7), float.IsNaN(c[i, j]));
            }
        }
    }

    [Fact]
    public void An_empty_sum_is_zero_and_accumulates_nothing()
    {
        using GuardedMatrix<float> a = new(5, 0);
        using GuardedMatrix<float> b = new(0, 9);
        using GuardedMatrix<float> c = new(5, 9, seed: 3);
        float[] before = c.ToArray();
        MatrixProduct.Multiply(null, a.View, b.View, c.View, 2f, accumulate: true);
        Assert.Equal(before, c.ToArray());
        MatrixProduct.Multiply(null, a.View, b.View, c.View, 2f);
        Assert.All(c.ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using GuardedMatrix<float> a = new(40, 300, seed: 1);
        using GuardedMatrix<float> b = new(300, 70, seed: 2);
        using GuardedMatrix<float> c = new(40, 70);
        MatrixProduct.Multiply(null, a.View, b.View, c.View, 1f);
        MatrixProduct.Multiply(null, c.View, b.View.Transpose(), a.View, 1f);
        long before = GC.GetAllocatedBytesForCurrentThread();
        MatrixProduct.Multiply(null, a.View, b.View, c.View, 1f);
        MatrixProduct.Multiply(null, c.View, b.View.Transpose(), a.View, 1f);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check<T>(WorkerPool? pool, int m, int k, int n, Random random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using GuardedMatrix<T> a = new(m, k, random.Next(3), random.Next(4) == 0 ? 2 : 1, random.Next(2) == 0, 1 + random.Next(99));
        using GuardedMatrix<T> b = new(k, n, random.Next(3), random.Next(4) == 0 ? 2 : 1, random.Next(2) == 0, 1 + random.Next(99));
        (int gap, int step, bool columnMajor, int seed) = (random.Next(3), random.Next(4) == 0 ? 2 : 1, random.Next(2) == 0, 1 + random.Next(99));
        using GuardedMatrix<T> expected = new(m, n, gap, step, columnMajor, seed);
        using GuardedMatrix<T> actual = new(m, n, gap, step, columnMajor, seed);
        using GuardedMatrix<T> magnitudes = new(m, n, gap, step, columnMajor, seed);
        T alpha = T.CreateTruncating(random.Next(2) == 0 ? 1 : -0.375);
        bool accumulate = random.Next(2) == 0;
        ReferenceProduct.Multiply(a.View, b.View, expected.View, alpha, accumulate);
        MatrixProduct.Multiply(pool, a.View, b.View, actual.View, alpha, accumulate);
        Assert.Equal(expected.NotANumber, actual.NotANumber);
        Absolute(a);
        Absolute(b);
        Absolute(magnitudes);
        ReferenceProduct.Multiply(a.View, b.View, magnitudes.View, T.Abs(alpha), accumulate);
        ProductAssert.Close(expected.ToArray(), actual.ToArray(), magnitudes.ToArray(), k);
    }

    private static void Absolute<T>(GuardedMatrix<T> matrix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < matrix.View.Rows; i++)
        {
            for (int j = 0; j < matrix.View.Columns; j++)
            {
                matrix[i, j] = T.Abs(matrix[i, j]);
            }
        }
    }
}
