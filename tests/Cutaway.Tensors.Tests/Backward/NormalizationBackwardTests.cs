using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Tensors.Tests.Backward;

[Trait("Category", "Kernel")]
public sealed class NormalizationBackwardTests
{
    private const double Epsilon = 1e-2;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_are_those_of_the_forward_kernel(bool centred)
    {
        foreach (int length in new[] { 1, 2, 7, 64, 67 })
        {
            double[] x = Differences.Normal(length, length, 0.5);
            double[] dNormalized = Differences.Normal(length, length + 1);
            double[] normalized = new double[length];
            double scale = Forward(centred, x, normalized);
            double[] dx = new double[length];
            Backward<double>(centred, normalized, scale, dNormalized, dx);
            Differences.AssertClose(Differences.Of(at => Loss(at), x), dx);

            double Loss(double[] at)
            {
                double[] result = new double[length];
                Forward(centred, at, result);
                return Differences.Dot(result, dNormalized);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_gradient_of_the_scale_itself_reaches_x_as_by_the_forward_kernel(bool centred)
    {
        double[] x = Differences.Normal(33, 1, 2);
        double[] normalized = new double[33];
        double scale = Forward(centred, x, normalized);
        double[] dx = new double[33];
        double[] nothing = new double[33];
        if (centred)
        {
            NormalizationBackward.Layer<double>(normalized, scale, nothing, 1, dx);
        }
        else
        {
            NormalizationBackward.Rms<double>(normalized, scale, nothing, 1, dx);
        }

        Differences.AssertClose(Differences.Of(at => Forward(centred, at, new double[33]), x), dx);
    }

    [Fact]
    public void The_scale_s_gradient_is_that_of_a_division_by_it()
    {
        double[] centredValues = Differences.Normal(50, 1);
        double[] dNormalized = Differences.Normal(50, 2);
        double scale = 1.7;
        double[] normalized = Array.ConvertAll(centredValues, value => value / scale);
        double[] expected = Differences.Of(at => Differences.Dot(Array.ConvertAll(centredValues, value => value / at[0]), dNormalized), [scale]);
        Differences.AssertClose(expected, [NormalizationBackward.Scale<double>(normalized, scale, dNormalized)]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_of_every_length_match_double_precision_in_and_out_of_place(bool centred)
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] normalized = new float[length];
            float[] x = KernelData.Normal(length, length, 2);
            float scale = centred ? Normalization.Layer<float>(x, normalized, 1e-5f) : Normalization.Rms<float>(x, normalized, 1e-5f);
            float[] gradient = KernelData.Normal(length, length + 1);
            Guarded apart = new(new float[length]);
            Guarded inPlace = new(gradient);
            double[] exact = new double[length];
            Backward<float>(centred, normalized, scale, gradient, apart.Row);
            Backward<float>(centred, normalized, scale, inPlace.Row, inPlace.Row);
            Backward<double>(centred, Differences.Wide(normalized), scale, Differences.Wide(gradient), exact);
            apart.AssertUntouched();
            inPlace.AssertUntouched();
            Assert.Equal(apart.Row, inPlace.Row);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(exact[i], apart.Row[i], 3e-6 * (1 + Math.Abs(normalized[i])) * (1 + Math.Abs(gradient[i])) / scale);
            }
        }
    }

    private static double Forward(bool centred, double[] x, double[] normalized) =>
        centred ? Normalization.Layer<double>(x, normalized, Epsilon) : Normalization.Rms<double>(x, normalized, Epsilon);

    private static void Backward<T>(bool centred, ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> gradient, Span<T> dx)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        if (centred)
        {
            NormalizationBackward.Layer(normalized, scale, gradient, dx);
        }
        else
        {
            NormalizationBackward.Rms(normalized, scale, gradient, dx);
        }
    }
}
