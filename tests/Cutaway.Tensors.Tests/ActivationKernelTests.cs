using Cutaway.Tensors.Kernels;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed class ActivationKernelTests
{
    public static TheoryData<ActivationKind> Kinds => [.. Enum.GetValues<ActivationKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Rows_of_every_length_match_the_scalar_formula(ActivationKind kind)
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] x = KernelData.Normal(length, length, 3);
            Guarded y = new(new float[length]);
            Activations.Apply<float>(kind, x, y.Row);
            y.AssertUntouched();
            for (int i = 0; i < length; i++)
            {
                AssertClose(Activations.Scalar<double>(kind, x[i]), y.Row[i], 1);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gated_rows_match_and_may_be_written_over_either_input(ActivationKind kind)
    {
        foreach (int length in KernelData.Lengths)
        {
            float[] gate = KernelData.Normal(length, length, 3);
            float[] up = KernelData.Normal(length, length + 1);
            Guarded overGate = new(gate);
            Guarded overUp = new(up);
            Activations.ApplyGated<float>(kind, overGate.Row, up, overGate.Row);
            Activations.ApplyGated<float>(kind, gate, overUp.Row, overUp.Row);
            overGate.AssertUntouched();
            overUp.AssertUntouched();
            for (int i = 0; i < length; i++)
            {
                AssertClose(Activations.Scalar<double>(kind, gate[i]) * up[i], overGate.Row[i], Math.Abs(up[i]));
                Assert.Equal(overGate.Row[i], overUp.Row[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Extreme_values_give_what_the_formula_gives(ActivationKind kind)
    {
        float[] y = new float[KernelData.Extremes.Length];
        Activations.Apply<float>(kind, KernelData.Extremes, y);
        for (int i = 0; i < y.Length; i++)
        {
            float exact = (float)Activations.Scalar<double>(kind, KernelData.Extremes[i]);
            if (float.IsFinite(exact))
            {
                AssertClose(exact, y[i], 1);
            }
            else
            {
                Assert.Equal(exact, y[i]);
            }
        }
    }

    // Denormal results may be lost by a formula whose factors underflow, hence the absolute part.
    private static void AssertClose(double exact, float actual, double scale)
    {
        double bound = (1e-6 * Math.Abs(exact)) + (2e-7 * scale * Math.Min(1, Math.Abs(exact / scale) + 1e-2)) + 1e-37;
        Assert.True(Math.Abs(actual - exact) <= bound, $"{exact:R} expected, {actual:R} computed");
    }
}
