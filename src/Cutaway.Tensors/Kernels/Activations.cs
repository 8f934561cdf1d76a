using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels;

/// <summary>The nonlinearity of an MLP.</summary>
public enum ActivationKind
{
    /// <summary>x · Φ(x) with the exact error function (Hendrycks and Gimpel 2016).</summary>
    GeluExact,

    /// <summary>The tanh approximation of GELU: GPT-2's <c>gelu_new</c>, <c>gelu_pytorch_tanh</c>, <c>gelu_fast</c>.</summary>
    GeluTanh,

    /// <summary>The same with the square root of 2/π to eight digits, as BLOOM was trained: in single precision they are one.</summary>
    GeluTanhShort,

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
public static unsafe class Activations
{
    /// <summary>y = act(x); in place allowed. y is as long as x or longer.</summary>
    public static void Apply<T>(ActivationKind kind, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        y = y[..x.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* source = x)
            fixed (T* target = y)
            {
                Apply(kind, (float*)source, null, (float*)target, x.Length);
            }

            return;
        }

        for (int i = 0; i < x.Length; i++)
        {
            y[i] = Scalar(kind, x[i]);
        }
    }

    /// <summary>y = act(gate) · up; y may be either input. up and y are as long as gate or longer.</summary>
    public static void ApplyGated<T>(ActivationKind kind, ReadOnlySpan<T> gate, ReadOnlySpan<T> up, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        up = up[..gate.Length];
        y = y[..gate.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* source = gate)
            fixed (T* factor = up)
            fixed (T* target = y)
            {
                Apply(kind, (float*)source, (float*)factor, (float*)target, gate.Length);
            }

            return;
        }

        for (int i = 0; i < gate.Length; i++)
        {
            y[i] = Scalar(kind, gate[i]) * up[i];
        }
    }

    /// <summary>One value.</summary>
    public static T Scalar<T>(ActivationKind kind, T x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => kind switch
        {
            ActivationKind.GeluExact => T.CreateTruncating(double.CreateTruncating(x) * NormalDistribution(double.CreateTruncating(x))),

            // (1 + tanh u) / 2 is σ(2u), which keeps its digits for negative u.
            ActivationKind.GeluTanh => x / (T.One + T.Exp(-T.CreateTruncating(1.5957691216057307118) * (x + (T.CreateTruncating(0.044715) * x * x * x)))),
            ActivationKind.GeluTanhShort => x / (T.One + T.Exp(-T.CreateTruncating(2 * 0.79788456) * (x + (T.CreateTruncating(0.044715) * x * x * x)))),
            ActivationKind.QuickGelu => x / (T.One + T.Exp(-T.CreateTruncating(1.702) * x)),
            ActivationKind.Silu => x / (T.One + T.Exp(-x)),
            ActivationKind.Relu => T.Max(T.Zero, x),
            ActivationKind.ReluSquared => T.Max(T.Zero, x) * T.Max(T.Zero, x),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation"),
        };

    private static void Apply(ActivationKind kind, float* x, float* factor, float* y, int count)
    {
        switch (kind)
        {
            case ActivationKind.GeluExact:
                Apply<GeluExact>(x, factor, y, count);
                break;
            case ActivationKind.GeluTanh or ActivationKind.GeluTanhShort:
                Apply<GeluTanh>(x, factor, y, count);
                break;
            case ActivationKind.QuickGelu:
                Apply<QuickGelu>(x, factor, y, count);
                break;
            case ActivationKind.Silu:
                Apply<Silu>(x, factor, y, count);
                break;
            case ActivationKind.Relu:
                Apply<Relu>(x, factor, y, count);
                break;
            case ActivationKind.ReluSquared:
                Apply<ReluSquared>(x, factor, y, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation");
        }
    }

    private static void Apply<TFunction>(float* x, float* factor, float* y, int count)
        where TFunction : struct, ILaneFunction
    {
        if (factor is null)
        {
            ElementWise.Apply(default(TFunction), x, y, count);
        }
        else
        {
            ElementWise.ApplyGated(default(TFunction), x, factor, y, count);
        }
    }

    /// <summary>
    /// The normal distribution function Φ(x) to double precision: the Maclaurin series of erf near zero, the continued
    /// fraction of erfc further out (Abramowitz and Stegun 7.1.6 and 7.1.14).
    /// </summary>
    internal static double NormalDistribution(double x)
    {
        double z = Math.Abs(x) / Math.Sqrt(2);
        if (z < 2.5)
        {
            double term = z;
            double sum = z;
            for (int n = 1; term > 1e-17 * sum; n++)
            {
                term *= 2 * z * z / ((2 * n) + 1);
                sum += term;
            }

            return 0.5 + Math.CopySign(Math.Exp(-z * z) * sum / Math.Sqrt(Math.PI), x);
        }

        double fraction = z;
        for (int n = 60; n >= 1; n--)
        {
            fraction = z + (n / 2.0 / fraction);
        }

        double tail = Math.Exp(-z * z) / (2 * Math.Sqrt(Math.PI) * fraction);
        return x < 0 ? tail : 1 - tail;
    }
}
