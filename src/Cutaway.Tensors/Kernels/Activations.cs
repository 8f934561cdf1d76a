using System.Numerics;

namespace Cutaway.Tensors.Kernels;

/// <summary>The nonlinearity of an MLP.</summary>
public enum ActivationKind
{
    /// <summary>x · Φ(x) with the exact error function (Hendrycks and Gimpel 2016).</summary>
    GeluExact,

    /// <summary>The tanh approximation of GELU: GPT-2's <c>gelu_new</c>, <c>gelu_pytorch_tanh</c>, <c>gelu_fast</c>.</summary>
    GeluTanh,

    /// <summary>x · σ(1.702 x).</summary>
    QuickGelu,

    /// <summary>x · σ(x).</summary>
    Silu,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>max(0, x)².</summary>
    ReluSquared,
}

/// <summary>Element-wise nonlinearities.</summary>
public static class Activations
{
    /// <summary>y = act(x); in place allowed.</summary>
    public static void Apply<T>(ActivationKind kind, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = Scalar(kind, x[i]);
        }
    }

    /// <summary>y = act(gate) · up; y may be either input.</summary>
    public static void ApplyGated<T>(ActivationKind kind, ReadOnlySpan<T> gate, ReadOnlySpan<T> up, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < gate.Length; i++)
        {
            y[i] = Scalar(kind, gate[i]) * up[i];
        }
    }

    /// <summary>One value.</summary>
    public static T Scalar<T>(ActivationKind kind, T x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => kind switch
        {
            ActivationKind.GeluExact => T.CreateTruncating(0.5) * x * (T.One + ErrorFunction(x * T.CreateTruncating(0.70710678118654752440))),
            ActivationKind.GeluTanh => T.CreateTruncating(0.5) * x * (T.One + T.Tanh(
                T.CreateTruncating(0.79788456080286535588) * (x + (T.CreateTruncating(0.044715) * x * x * x)))),
            ActivationKind.QuickGelu => x / (T.One + T.Exp(-T.CreateTruncating(1.702) * x)),
            ActivationKind.Silu => x / (T.One + T.Exp(-x)),
            ActivationKind.Relu => T.Max(T.Zero, x),
            ActivationKind.ReluSquared => T.Max(T.Zero, x) * T.Max(T.Zero, x),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation"),
        };

    /// <summary>
    /// The error function to double precision: the Maclaurin series near zero, the continued fraction of erfc further out
    /// (Abramowitz and Stegun 7.1.6 and 7.1.14).
    /// </summary>
    internal static T ErrorFunction<T>(T x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double value = double.CreateTruncating(x);
        double size = Math.Abs(value);
        double result;
        if (size < 2.5)
        {
            double term = size;
            double sum = size;
            for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum) && n < 200; n++)
            {
                term *= 2 * size * size / ((2 * n) + 1);
                sum += term;
            }

            result = 2 / Math.Sqrt(Math.PI) * Math.Exp(-size * size) * sum;
        }
        else if (size < 6.5)
        {
            double fraction = size;
            for (int n = 60; n >= 1; n--)
            {
                fraction = size + (n / 2.0 / fraction);
            }

            result = 1 - (Math.Exp(-size * size) / (Math.Sqrt(Math.PI) * fraction));
        }
        else
        {
            result = double.IsNaN(value) ? value : 1;
        }

        return T.CreateTruncating(value < 0 ? -result : result);
    }
}
