using Cutaway.Tensors.Kernels;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed class NormalizationKernelTests
{
    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 50)]
    [InlineData(true, 0)]
    [InlineData(true, 50)]
    public void Rows_of_every_length_match_double_precision(bool centred, float offset)
    {
        foreach (int length in KernelData.Lengths.Where(length => length > 0))
        {
            float[] x = Array.ConvertAll(KernelData.Normal(length, length, 2), value => value + offset);
            double[] exact = new double[length];
            double[] wide = Array.ConvertAll(x, value => (double)value);
            double scale = centred ? Normalization.Layer<double>(wide, exact, 1e-5) : Normalization.Rms<double>(wide, exact, 1e-5);
            Guarded apart = new(new float[length]);
            Guarded inPlace = new(x);
            float computed = Apply(centred, x, apart.Row);
            Assert.Equal(computed, Apply(centred, inPlace.Row, inPlace.Row));
            apart.AssertUntouched();
            inPlace.AssertUntouched();
            Assert.Equal(apart.Row, inPlace.Row);

            // The mean is rounded to single precision once; all that follows inherits that.
            double slack = 3e-6 * (1 + (centred ? offset / scale : 0));
            Assert.Equal(1, computed / scale, slack);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(exact[i], apart.Row[i], slack * (1 + Math.Abs(exact[i])));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_NaN_or_infinity_makes_the_scale_not_finite(bool centred)
    {
        foreach (int at in new[] { 0, 15, 33, 66 })
        {
            foreach (float bad in new[] { float.NaN, float.PositiveInfinity })
            {
                float[] x = KernelData.Normal(67, 1);
                x[at] = bad;
                Assert.False(float.IsFinite(Apply(centred, x, x)));
            }
        }
    }

    [Fact]
    public void Zeros_stay_zeros_and_the_scale_is_the_root_of_epsilon()
    {
        float[] x = new float[35];
        Assert.Equal(MathF.Sqrt(1e-5f), Apply(true, x, x), 1e-9f);
        Assert.Equal(MathF.Sqrt(1e-5f), Apply(false, x, x), 1e-9f);
        Assert.All(x, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Weight_and_bias_may_each_be_absent(bool weighted, bool biased)
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] x = KernelData.Normal(length, 1);
            float[] weight = weighted ? KernelData.Normal(length, 2) : [];
            float[] bias = biased ? KernelData.Normal(length, 3) : [];
            Guarded y = new(x);
            Normalization.Affine(y.Row, weight, bias, y.Row);
            y.AssertUntouched();
            for (int i = 0; i < length; i++)
            {
                double exact = (x[i] * (weighted ? (double)weight[i] : 1)) + (biased ? bias[i] : 0);
                Assert.Equal(exact, y.Row[i], 1e-6 * (1 + Math.Abs(exact)));
            }
        }
    }

    private static float Apply(bool centred, ReadOnlySpan<float> x, Span<float> y) =>
        centred ? Normalization.Layer(x, y, 1e-5f) : Normalization.Rms(x, y, 1e-5f);
}
