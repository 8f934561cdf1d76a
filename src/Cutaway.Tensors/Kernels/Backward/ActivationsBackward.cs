using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Functions.Slopes;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The backward pass of <see cref="Activations"/>, from the values before the activation.</summary>
public static unsafe class ActivationsBackward
{
    /// <summary>dPre = dPost · act′(pre).</summary>
    /// <param name="kind">The activation.</param>
    /// <param name="pre">The values before it.</param>
    /// <param name="dPost">The gradient after it.</param>
    /// <param name="dPre">The gradient before it; may be <paramref name="pre"/> or <paramref name="dPost"/>.</param>
    public static void Apply<T>(ActivationKind kind, ReadOnlySpan<T> pre, ReadOnlySpan<T> dPost, Span<T> dPre)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dPost = dPost[..pre.Length];
        dPre = dPre[..pre.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* source = pre)
            fixed (T* factor = dPost)
            fixed (T* target = dPre)
            {
                Run(kind, new GatedPlaces((float*)source, null, (float*)factor, (float*)target, null, pre.Length));
            }

            return;
        }

        for (int i = 0; i < pre.Length; i++)
        {
            dPre[i] = dPost[i] * Slope(kind, pre[i]);
        }
    }

    /// <summary>dUp = dPost · act(gate) and dGate = dPost · up · act′(gate).</summary>
    /// <param name="kind">The activation.</param>
    /// <param name="gate">The gate before it.</param>
    /// <param name="up">What the gate multiplies.</param>
    /// <param name="dPost">The gradient of the product.</param>
    /// <param name="dGate">The gradient of the gate; may be any input.</param>
    /// <param name="dUp">The gradient of up; may be any input other than <paramref name="dGate"/>.</param>
    public static void ApplyGated<T>(ActivationKind kind, ReadOnlySpan<T> gate, ReadOnlySpan<T> up, ReadOnlySpan<T> dPost, Span<T> dGate, Span<T> dUp)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        up = up[..gate.Length];
        dPost = dPost[..gate.Length];
        dGate = dGate[..gate.Length];
        dUp = dUp[..gate.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* source = gate)
            fixed (T* other = up)
            fixed (T* factor = dPost)
            fixed (T* target = dGate)
            fixed (T* otherTarget = dUp)
            {
                Run(kind, new GatedPlaces((float*)source, (float*)other, (float*)factor, (float*)target, (float*)otherTarget, gate.Length));
            }

            return;
        }

        for (int i = 0; i < gate.Length; i++)
        {
            T value = Activations.Scalar(kind, gate[i]);
            T slope = up[i] * Slope(kind, gate[i]);
            T gradient = dPost[i];
            dGate[i] = gradient * slope;
            dUp[i] = gradient * value;
        }
    }

    /// <summary>act′(x); 0 at the kink of ReLU.</summary>
    public static T Slope<T>(ActivationKind kind, T x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T square = x * x;
        switch (kind)
        {
            case ActivationKind.GeluExact:
                // The infinite have no density, whatever it is multiplied with.
                T density = T.Exp(-square / T.CreateTruncating(2)) / T.Sqrt(T.Pi + T.Pi);
                T phi = T.CreateTruncating(Activations.NormalDistribution(double.CreateTruncating(x)));
                return density == T.Zero ? phi : phi + (x * density);
            case ActivationKind.GeluTanh or ActivationKind.GeluTanhShort:
                T linear = T.CreateTruncating(kind == ActivationKind.GeluTanh ? 1.5957691216057307118 : 2 * 0.79788456);
                T cubic = linear * T.CreateTruncating(0.044715) * square;
                return SigmoidSlope(x, x * (linear + cubic), linear + (T.CreateTruncating(3) * cubic));
            case ActivationKind.QuickGelu:
                T factor = T.CreateTruncating(1.702);
                return SigmoidSlope(x, factor * x, factor);
            case ActivationKind.Silu:
                return SigmoidSlope(x, x, T.One);
            case ActivationKind.Relu:
                return x > T.Zero ? T.One : T.Zero;
            case ActivationKind.ReluSquared:
                return T.Max(T.Zero, x + x);
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation");
        }
    }

    // σ(u) + x · σ(u) · (1 - σ(u)) · u′, without a product of zero and infinity.
    private static T SigmoidSlope<T>(T x, T u, T steepness)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T s = T.One / (T.One + T.Exp(-u));
        T slope = s / (T.One + T.Exp(u));
        return slope == T.Zero ? s : s + (x * slope * steepness);
    }

    private static void Run(ActivationKind kind, in GatedPlaces places)
    {
        switch (kind)
        {
            case ActivationKind.GeluExact:
                Run<GeluExact, GeluExactSlope>(places);
                break;
            case ActivationKind.GeluTanh or ActivationKind.GeluTanhShort:
                Run<GeluTanh, GeluTanhSlope>(places);
                break;
            case ActivationKind.QuickGelu:
                Run<QuickGelu, QuickGeluSlope>(places);
                break;
            case ActivationKind.Silu:
                Run<Silu, SiluSlope>(places);
                break;
            case ActivationKind.Relu:
                Run<Relu, ReluSlope>(places);
                break;
            case ActivationKind.ReluSquared:
                Run<ReluSquared, ReluSquaredSlope>(places);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation");
        }
    }

    private static void Run<TFunction, TSlope>(in GatedPlaces places)
        where TFunction : struct, ILaneFunction
        where TSlope : struct, ILaneFunction
    {
        if (places.Up is null)
        {
            ElementWise.ApplyGated(default(TSlope), places.Gate, places.DPost, places.DGate, places.Count);
        }
        else
        {
            GatedBackwardRow.Apply<TFunction, TSlope>(places);
        }
    }
}
