using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed unsafe class FunctionKernelTests
{
    [Fact]
    public void The_exponential_is_within_2_ulp_of_the_exact_one() =>
        AssertNear(default(Exponential), Math.Exp, Range(-104, 89), 2);

    [Fact]
    public void The_exponential_keeps_its_limits_and_does_not_hide_NaN()
    {
        float[] x = [float.NegativeInfinity, -1e30f, -104.5f, 0, -0f, 89f, 1e30f, float.PositiveInfinity, float.NaN];
        Assert.Equal([0, 0, 0, 1, 1, float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.NaN], Evaluate(default(Exponential), x));
    }

    [Fact]
    public void The_hyperbolic_tangent_is_within_4_ulp_near_zero_and_far_out() =>
        AssertNear(default(HyperbolicTangent), Math.Tanh, [.. Range(-12, 12), .. KernelData.Normal(2000, 3, 1e-3), .. KernelData.Normal(2000, 4, 1e-30), .. KernelData.Extremes], 4);

    [Fact]
    public void The_sigmoid_is_within_4_ulp_also_where_it_is_tiny() =>
        AssertNear(default(Sigmoid), x => 1 / (1 + Math.Exp(-x)), [.. Range(-87, 87), .. KernelData.Extremes], 4);

    // The quotient of a denormal number has lost digits that the product cannot bring back.
    [Fact]
    public void A_soft_cap_is_within_6_ulp_of_normal_numbers() =>
        AssertNear(new SoftCapped(30), x => 30 * Math.Tanh(x / 30), [.. Range(-400, 400), .. KernelData.Extremes.Where(x => x == 0 || !(Math.Abs(x) < 1e-36f))], 6);

    // Below zero, activations inherit the rounding of an exponent that grows with the square of x or faster.
    [Theory]
    [InlineData(ActivationKind.GeluExact)]
    [InlineData(ActivationKind.GeluTanh)]
    [InlineData(ActivationKind.GeluTanhShort)]
    [InlineData(ActivationKind.QuickGelu)]
    [InlineData(ActivationKind.Silu)]
    [InlineData(ActivationKind.Relu)]
    [InlineData(ActivationKind.ReluSquared)]
    public void Activations_are_within_6_ulp_of_double_precision(ActivationKind kind)
    {
        float[] x = [.. Range(-5, 20), .. KernelData.Normal(3000, 5, 1e-4)];
        float[] y = new float[x.Length];
        Activations.Apply<float>(kind, x, y);
        for (int i = 0; i < x.Length; i++)
        {
            double exact = Activations.Scalar<double>(kind, x[i]);
            double allowed = 6 + (x[i] < 0 ? 2 * x[i] * x[i] : 0);
            Assert.True(Ulp.Distance(exact, y[i]) <= allowed, $"{kind}({x[i]:R}) = {exact:R}, got {y[i]:R}: {Ulp.Distance(exact, y[i]):F1} ulp");
        }
    }

    // Values of the normal distribution function from tables.
    [Theory]
    [InlineData(-3, 1.3498980316300945e-3)]
    [InlineData(-5, 2.866515718791939e-7)]
    [InlineData(-8, 6.220960574271785e-16)]
    [InlineData(-10, 7.619853024160527e-24)]
    public void The_exact_GELU_keeps_its_digits_where_one_plus_erf_would_lose_them(float x, double distribution)
    {
        float y = Evaluate(default(GeluExact), [x])[0];
        Assert.Equal(1, y / (x * distribution), 1e-5);
    }

    private static float[] Range(double from, double to)
    {
        Random random = new(17);
        float[] values = new float[50_000];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(from + ((to - from) * random.NextDouble()));
        }

        return values;
    }

    private static void AssertNear<TFunction>(TFunction f, Func<double, double> exact, float[] x, double ulp)
        where TFunction : struct, ILaneFunction
    {
        float[] y = Evaluate(f, x);
        for (int i = 0; i < x.Length; i++)
        {
            double expected = exact(x[i]);
            double distance = Ulp.Distance(expected, y[i]);
            Assert.True(distance <= ulp, $"f({x[i]:R}) = {expected:R}, got {y[i]:R}: {distance:F2} ulp");
        }
    }

    private static float[] Evaluate<TFunction>(TFunction f, float[] x)
        where TFunction : struct, ILaneFunction
    {
        float[] y = new float[x.Length];
        fixed (float* source = x)
        fixed (float* target = y)
        {
            ElementWise.Apply(f, source, target, x.Length);
        }

        return y;
    }
}
