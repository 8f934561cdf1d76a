using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Tensors.Tests.Backward;

[Trait("Category", "Kernel")]
public sealed class ActivationsBackwardTests
{
    public static TheoryData<ActivationKind> Kinds => [.. Enum.GetValues<ActivationKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_slope_is_that_of_the_forward_kernel(ActivationKind kind)
    {
        double[] x = Differences.Normal(200, 1, 3);
        double[] dPost = Differences.Normal(200, 2);
        double[] dPre = new double[200];
        ActivationsBackward.Apply<double>(kind, x, dPost, dPre);
        Differences.AssertClose(Differences.Of(at => Differences.Dot(Activated(kind, at), dPost), x), dPre);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gate_and_up_have_the_gradients_of_the_forward_kernel(ActivationKind kind)
    {
        double[] gate = Differences.Normal(60, 1, 3);
        double[] up = Differences.Normal(60, 2);
        double[] dPost = Differences.Normal(60, 3);
        double[] dGate = new double[60];
        double[] dUp = new double[60];
        ActivationsBackward.ApplyGated<double>(kind, gate, up, dPost, dGate, dUp);
        Differences.AssertClose(Differences.Of(at => Gated(kind, at, up, dPost), gate), dGate);
        Differences.AssertClose(Differences.Of(at => Gated(kind, gate, at, dPost), up), dUp);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Rows_of_every_length_match_double_precision_in_and_out_of_place(ActivationKind kind)
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] x = KernelData.Normal(length, length, 4);
            float[] dPost = KernelData.Normal(length, length + 1);
            Guarded apart = new(new float[length]);
            Guarded overPre = new(x);
            Guarded overPost = new(dPost);
            ActivationsBackward.Apply<float>(kind, x, dPost, apart.Row);
            ActivationsBackward.Apply<float>(kind, overPre.Row, dPost, overPre.Row);
            ActivationsBackward.Apply<float>(kind, x, overPost.Row, overPost.Row);
            apart.AssertUntouched();
            Assert.Equal(apart.Row, overPre.Row);
            Assert.Equal(apart.Row, overPost.Row);
            for (int i = 0; i < length; i++)
            {
                AssertClose(ActivationsBackward.Slope<double>(kind, x[i]) * dPost[i], apart.Row[i], x[i] * dPost[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gated_rows_of_every_length_match_double_precision_in_and_out_of_place(ActivationKind kind)
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] gate = KernelData.Normal(length, length, 4);
            float[] up = KernelData.Normal(length, length + 1);
            float[] dPost = KernelData.Normal(length, length + 2);
            Guarded dGate = new(new float[length]);
            Guarded dUp = new(new float[length]);
            Guarded overGate = new(gate);
            Guarded overUp = new(up);
            ActivationsBackward.ApplyGated<float>(kind, gate, up, dPost, dGate.Row, dUp.Row);
            ActivationsBackward.ApplyGated<float>(kind, overGate.Row, overUp.Row, dPost, overGate.Row, overUp.Row);
            dGate.AssertUntouched();
            dUp.AssertUntouched();
            Assert.Equal(dGate.Row, overGate.Row);
            Assert.Equal(dUp.Row, overUp.Row);
            for (int i = 0; i < length; i++)
            {
                AssertClose(ActivationsBackward.Slope<double>(kind, gate[i]) * up[i] * dPost[i], dGate.Row[i], gate[i] * up[i] * dPost[i]);
                AssertClose(Activations.Scalar<double>(kind, gate[i]) * dPost[i], dUp.Row[i], gate[i] * dPost[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Far_out_the_slope_is_that_of_the_asymptote(ActivationKind kind)
    {
        float[] x = [float.PositiveInfinity, float.MaxValue, 1e20f, 120f, -120f, -1e20f, float.MinValue, float.NegativeInfinity];
        float[] ones = Enumerable.Repeat(1f, x.Length).ToArray();
        float[] slopes = new float[x.Length];
        ActivationsBackward.Apply<float>(kind, x, ones, slopes);
        for (int i = 0; i < x.Length; i++)
        {
            float expected = x[i] < 0 ? 0 : kind == ActivationKind.ReluSquared ? 2 * x[i] : 1;
            Assert.Equal(expected, slopes[i], 1e-30f);
            Assert.Equal(kind == ActivationKind.ReluSquared ? 2 * (double)Math.Max(0, x[i]) : expected, ActivationsBackward.Slope<double>(kind, x[i]), 1e-30);
        }
    }

    private static double[] Activated(ActivationKind kind, double[] x)
    {
        double[] y = new double[x.Length];
        Activations.Apply<double>(kind, x, y);
        return y;
    }

    private static double Gated(ActivationKind kind, double[] gate, double[] up, double[] dPost)
    {
        double[] y = new double[gate.Length];
        Activations.ApplyGated<double>(kind, gate, up, y);
        return Differences.Dot(y, dPost);
    }

    // Where the two terms of a slope cancel, their roundings stay: in proportion to the input and the gradient.
    private static void AssertClose(double exact, float actual, double size) =>
        Assert.True(Math.Abs(actual - exact) <= (1e-6 * Math.Abs(exact)) + (1e-6 * Math.Min(1, Math.Abs(exact) + 0.3) * Math.Abs(size)) + 1e-37, $"{exact:R} expected, {actual:R} computed");
}
