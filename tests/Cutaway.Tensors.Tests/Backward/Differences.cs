namespace Cutaway.Tensors.Tests.Backward;

/// <summary>Gradients by central differences of a function in double precision: the formula that backward kernels are held against.</summary>
internal static class Differences
{
    private const double Step = 1e-5;

    /// <summary>∂f/∂x[i] for every i.</summary>
    public static double[] Of(Func<double[], double> f, double[] x)
    {
        double[] gradient = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double[] moved = [.. x];
            moved[i] = x[i] + Step;
            double above = f(moved);
            moved[i] = x[i] - Step;
            gradient[i] = (above - f(moved)) / (2 * Step);
        }

        return gradient;
    }

    /// <summary>The same numbers, but for the truncation and the cancellation of differences.</summary>
    public static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-8 * (1 + Math.Abs(expected[i])), $"{i}: {expected[i]:R} by differences, {actual[i]:R} by the kernel");
        }
    }

    /// <summary>Normally distributed values in double precision.</summary>
    public static double[] Normal(int length, int seed, double scale = 1) => Wide(KernelData.Normal(length, seed, scale));

    /// <summary>Single-precision values as double-precision ones.</summary>
    public static double[] Wide(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), value => (double)value);

    /// <summary>Σ a · b.</summary>
    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
