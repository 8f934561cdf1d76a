using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>
/// The backward pass of <see cref="Normalization"/> in its two steps, as TransformerLens's <c>hook_scale</c> cuts it:
/// normalized = centred / scale, and scale = sqrt(mean(centred²) + epsilon) depends on x too. A weight is dealt with
/// before: dNormalized = dy · weight.
/// </summary>
public static unsafe class NormalizationBackward
{
    /// <summary>The gradient of the scale through the normalised values: -Σ dNormalized · normalized / scale.</summary>
    /// <param name="normalized">The normalised row.</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="dNormalized">Its gradient.</param>
    public static T Scale<T>(ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> dNormalized)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dNormalized = dNormalized[..normalized.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* n = normalized)
            fixed (T* g = dNormalized)
            {
                return T.CreateTruncating(-NormBackwardRow.Dot((float*)n, (float*)g, normalized.Length)) / scale;
            }
        }

        T sum = T.Zero;
        for (int i = 0; i < normalized.Length; i++)
        {
            sum += normalized[i] * dNormalized[i];
        }

        return -sum / scale;
    }

    /// <summary>The gradient of x through a LayerNorm.</summary>
    /// <param name="normalized">The normalised row.</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="dNormalized">Its gradient.</param>
    /// <param name="dx">The gradient of x; may be <paramref name="dNormalized"/>.</param>
    public static void Layer<T>(ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> dNormalized, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            Layer(normalized, scale, dNormalized, Scale(normalized, scale, dNormalized), dx);

    /// <summary>The gradient of x through a LayerNorm, with the scale's given: dx = u - mean(u), u = dNormalized / scale + dScale · normalized / d.</summary>
    /// <param name="normalized">The normalised row, [d].</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="dNormalized">Its gradient.</param>
    /// <param name="dScale">The whole gradient of the scale; zero treats the scale as a constant.</param>
    /// <param name="dx">The gradient of x; may be <paramref name="dNormalized"/>.</param>
    public static void Layer<T>(ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> dNormalized, T dScale, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T mean = T.Zero;
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* g = dNormalized[..normalized.Length])
            {
                mean = T.CreateTruncating(NormBackwardRow.Sum((float*)g, normalized.Length));
            }
        }
        else
        {
            foreach (T value in dNormalized[..normalized.Length])
            {
                mean += value;
            }
        }

        // The normalised values themselves have mean zero.
        Apply(normalized, scale, dNormalized, dScale, mean / T.CreateTruncating(Math.Max(1, normalized.Length)), dx);
    }

    /// <summary>The gradient of x through an RMSNorm.</summary>
    /// <param name="normalized">The normalised row.</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="dNormalized">Its gradient.</param>
    /// <param name="dx">The gradient of x; may be <paramref name="dNormalized"/>.</param>
    public static void Rms<T>(ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> dNormalized, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            Rms(normalized, scale, dNormalized, Scale(normalized, scale, dNormalized), dx);

    /// <summary>The gradient of x through an RMSNorm, with the scale's given: dx = dNormalized / scale + dScale · normalized / d.</summary>
    /// <param name="normalized">The normalised row, [d].</param>
    /// <param name="scale">Its scale.</param>
    /// <param name="dNormalized">Its gradient.</param>
    /// <param name="dScale">The whole gradient of the scale; zero treats the scale as a constant.</param>
    /// <param name="dx">The gradient of x; may be <paramref name="dNormalized"/>.</param>
    public static void Rms<T>(ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> dNormalized, T dScale, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Apply(normalized, scale, dNormalized, dScale, T.Zero, dx);

    // dx = (dNormalized - mean) / scale + dScale · normalized / d.
    private static void Apply<T>(ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> dNormalized, T dScale, T mean, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dNormalized = dNormalized[..normalized.Length];
        dx = dx[..normalized.Length];
        T slope = dScale / T.CreateTruncating(Math.Max(1, normalized.Length));
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* n = normalized)
            fixed (T* g = dNormalized)
            fixed (T* target = dx)
            {
                NormBackwardRow.Apply(
                    (float*)n, (float*)g, (float*)target, normalized.Length, float.CreateTruncating(mean), float.CreateTruncating(scale), float.CreateTruncating(slope));
            }

            return;
        }

        for (int i = 0; i < normalized.Length; i++)
        {
            dx[i] = ((dNormalized[i] - mean) / scale) + (normalized[i] * slope);
        }
    }
}
