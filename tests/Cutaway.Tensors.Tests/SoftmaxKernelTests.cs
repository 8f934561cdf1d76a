using Cutaway.Tensors.Kernels;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed class SoftmaxKernelTests
{
    [Fact]
    public void Rows_of_every_length_match_double_precision_in_and_out_of_place()
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] scores = KernelData.Normal(length, length, 6);
            double[] exact = new double[length];
            Softmax.Row<double>(Array.ConvertAll(scores, value => (double)value), exact);
            Guarded apart = new(new float[length]);
            Guarded inPlace = new(scores);
            Softmax.Row<float>(scores, apart.Row);
            Softmax.Row<float>(inPlace.Row, inPlace.Row);
            apart.AssertUntouched();
            inPlace.AssertUntouched();
            Assert.Equal(apart.Row, inPlace.Row);
            for (int i = 0; i < length; i++)
            {
                // The difference to the largest score is rounded, so its exponential is off in proportion; the sum's error grows with its terms.
                double allowed = exact[i] * (2e-6 + (2e-9 * length) + (1e-7 * (scores.Max() - scores[i])));
                Assert.True(Math.Abs(apart.Row[i] - exact[i]) <= allowed + 1e-38, $"{length}, {i}: {exact[i]} expected, {apart.Row[i]} computed");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(37)]
    [InlineData(100)]
    public void Masked_places_are_exactly_zero_and_the_rest_is_as_if_they_were_not_there(int length)
    {
        float[] seen = KernelData.Normal(length, 8);
        float[] scores = [.. seen, .. Enumerable.Repeat(float.NegativeInfinity, length + 3)];
        float[] expected = new float[length];
        Softmax.Row<float>(seen, expected);
        Softmax.Row<float>(scores, scores);
        Assert.All(scores[length..], value => Assert.Equal(0, value));
        for (int i = 0; i < length; i++)
        {
            Assert.Equal(expected[i], scores[i], 1e-6f);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(50)]
    public void A_row_that_is_masked_whole_becomes_zeros(int length)
    {
        float[] row = Enumerable.Repeat(float.NegativeInfinity, length).ToArray();
        Softmax.Row<float>(row, row);
        Assert.All(row, value => Assert.Equal(0, value));
        Assert.Equal(double.NegativeInfinity, Softmax.LogSumExp<float>(Enumerable.Repeat(float.NegativeInfinity, length).ToArray()));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(20, 19)]
    [InlineData(64, 3)]
    public void NaN_makes_the_row_and_its_sum_NaN_even_among_masked_places(int length, int at)
    {
        foreach (float other in new[] { 1f, float.NegativeInfinity })
        {
            float[] row = Enumerable.Repeat(other, length).ToArray();
            row[at] = float.NaN;
            Assert.True(double.IsNaN(Softmax.LogSumExp<float>(row)));
            Softmax.Row<float>(row, row);
            Assert.All(row, value => Assert.True(float.IsNaN(value)));
        }
    }

    [Fact]
    public void Large_scores_neither_overflow_nor_lose_their_differences()
    {
        float[] row = [1e30f, 1e30f, -1e30f, 0];
        Softmax.Row<float>(row, row);
        Assert.Equal([0.5f, 0.5f, 0, 0], row);
        Assert.Equal(10_000 + Math.Log(2), Softmax.LogSumExp<float>([10_000, 10_000]), 1e-9);
        Assert.Equal(double.PositiveInfinity, Softmax.LogSumExp<float>([0, float.PositiveInfinity]));
    }

    [Fact]
    public void Log_sum_exp_of_every_length_matches_double_precision()
    {
        foreach (int length in KernelData.Lengths.Append(50_000).Where(length => length > 0))
        {
            float[] x = KernelData.Normal(length, length, 4);
            double max = x.Max();
            double exact = max + Math.Log(x.Sum(value => Math.Exp(value - max)));
            Assert.Equal(exact, Softmax.LogSumExp<float>(x), 5e-7);
        }
    }
}
