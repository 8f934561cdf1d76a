using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Tensors.Tests.Backward;

[Trait("Category", "Kernel")]
public sealed class SoftmaxBackwardTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(40)]
    public void Scores_have_the_gradient_of_the_forward_kernel(int length)
    {
        double[] scores = Differences.Normal(length, 1, 2);
        double[] dPattern = Differences.Normal(length, 2);
        double[] dScores = new double[length];
        SoftmaxBackward.Row<double>(Pattern(scores), dPattern, dScores);
        Differences.AssertClose(Differences.Of(at => Differences.Dot(Pattern(at), dPattern), scores), dScores);
    }

    [Fact]
    public void Rows_of_every_length_match_double_precision_in_and_out_of_place()
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] pattern = KernelData.Normal(length, length, 3);
            Softmax.Row<float>(pattern, pattern);
            float[] gradient = KernelData.Normal(length, length + 1);
            Guarded apart = new(new float[length]);
            Guarded inPlace = new(gradient);
            double[] exact = new double[length];
            SoftmaxBackward.Row<float>(pattern, gradient, apart.Row);
            SoftmaxBackward.Row<float>(pattern, inPlace.Row, inPlace.Row);
            SoftmaxBackward.Row<double>(Differences.Wide(pattern), Differences.Wide(gradient), exact);
            apart.AssertUntouched();
            inPlace.AssertUntouched();
            Assert.Equal(apart.Row, inPlace.Row);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(exact[i], apart.Row[i], 2e-6 * pattern[i] * (1 + Math.Abs(gradient[i])));
            }
        }
    }

    [Fact]
    public void Masked_places_take_nothing_and_give_nothing()
    {
        float[] pattern = [0.25f, 0.75f, .. new float[50]];
        float[] gradient = KernelData.Normal(52, 1);
        float[] dScores = new float[52];
        SoftmaxBackward.Row<float>(pattern, gradient, dScores);
        float between = 0.25f * 0.75f * (gradient[0] - gradient[1]);
        Assert.Equal(between, dScores[0], 1e-6f);
        Assert.Equal(-between, dScores[1], 1e-6f);
        Assert.All(dScores[2..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Soft_capped_values_have_the_gradient_of_the_forward_kernel()
    {
        double[] x = Differences.Normal(50, 1, 20);
        double[] dy = Differences.Normal(50, 2);
        double[] dx = new double[50];
        SoftCapBackward.Apply<double>(Capped(x), dy, dx, 15);
        Differences.AssertClose(Differences.Of(at => Differences.Dot(Capped(at), dy), x), dx);
    }

    [Fact]
    public void Soft_capped_rows_of_every_length_match_double_precision_in_and_out_of_place()
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] y = KernelData.Normal(length, length, 20);
            SoftCap.Apply<float>(y, 15);
            float[] dy = KernelData.Normal(length, length + 1);
            Guarded dx = new(new float[length]);
            Guarded inPlace = new(dy);
            double[] exact = new double[length];
            SoftCapBackward.Apply<float>(y, dy, dx.Row, 15);
            SoftCapBackward.Apply<float>(y, inPlace.Row, inPlace.Row, 15);
            SoftCapBackward.Apply<double>(Differences.Wide(y), Differences.Wide(dy), exact, 15);
            dx.AssertUntouched();
            Assert.Equal(dx.Row, inPlace.Row);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(exact[i], dx.Row[i], 4e-7 * Math.Abs(dy[i]));
            }
        }
    }

    private static double[] Pattern(double[] scores)
    {
        double[] pattern = new double[scores.Length];
        Softmax.Row<double>(scores, pattern);
        return pattern;
    }

    private static double[] Capped(double[] x)
    {
        double[] y = [.. x];
        SoftCap.Apply<double>(y, 15);
        return y;
    }
}
