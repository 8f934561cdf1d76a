using Cutaway.Tensors.LinearAlgebra;

namespace Cutaway.Tensors.Tests;

public sealed class ProductSvdTests
{
    private const double Tolerance = 1e-12;

    [Theory]
    [InlineData(1, 5, 3)]
    [InlineData(4, 9, 4)]
    [InlineData(8, 48, 33)]
    [InlineData(6, 3, 2)]
    public void Values_and_vectors_give_the_product_back(int rank, int leftWidth, int rightWidth)
    {
        SeededRandom random = new(3);
        double[][] left = Vectors(random, rank, leftWidth);
        double[][] right = Vectors(random, rank, rightWidth);
        RequireDecomposition(left, right, Math.Min(rank, Math.Min(leftWidth, rightWidth)));
    }

    [Fact]
    public void Vectors_that_depend_on_each_other_lower_the_rank()
    {
        SeededRandom random = new(4);
        double[][] left = Vectors(random, 4, 10);
        left[2] = [.. left[0].Zip(left[1], (a, b) => a - (2 * b))];
        left[3] = new double[10];
        RequireDecomposition(left, Vectors(random, 4, 7), 2);
    }

    [Fact]
    public void A_known_matrix_has_its_known_values()
    {
        // [[3, 0], [4, 5]]: the eigenvalues of MᵀM = [[25, 20], [20, 25]] are 45 and 5.
        ProductSvd svd = ProductSvd.Of([[3, 4], [0, 5]], [[1, 0], [0, 1]]);
        Assert.Equal(Math.Sqrt(45), svd.Values[0], Tolerance);
        Assert.Equal(Math.Sqrt(5), svd.Values[1], Tolerance);
    }

    [Fact]
    public void Factors_of_different_ranks_are_refused() => Assert.Throws<ArgumentException>(() => ProductSvd.Of([[1, 2]], [[1], [2]]));

    private static void RequireDecomposition(double[][] left, double[][] right, int rank)
    {
        ProductSvd svd = ProductSvd.Of(left, right);
        Assert.Equal(svd.Values.OrderDescending(), svd.Values);
        Assert.Equal(rank, svd.Values.Count(value => value > svd.Values[0] * Tolerance));
        for (int i = 0; i < left[0].Length; i++)
        {
            for (int j = 0; j < right[0].Length; j++)
            {
                double expected = left.Zip(right, (l, r) => l[i] * r[j]).Sum();
                double found = Enumerable.Range(0, svd.Values.Count).Sum(e => svd.Values[e] * svd.Left[e][i] * svd.Right[e][j]);
                Assert.Equal(expected, found, Tolerance * svd.Values[0]);
            }
        }

        for (int a = 0; a < rank; a++)
        {
            for (int b = 0; b < rank; b++)
            {
                Assert.Equal(a == b ? 1 : 0, Dot(svd.Left[a], svd.Left[b]), Tolerance);
                Assert.Equal(a == b ? 1 : 0, Dot(svd.Right[a], svd.Right[b]), Tolerance);
            }
        }
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[][] Vectors(SeededRandom random, int count, int width) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => random.NextNormal()).ToArray())];
}
