using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels;

/// <summary>LayerNorm and RMSNorm of one row, without weight and bias: the two parts that <c>hook_scale</c> and <c>hook_normalized</c> show.</summary>
public static unsafe class Normalization
{
    /// <summary>normalized = (x - mean) / scale with scale = sqrt(mean((x - mean)²) + epsilon) (Ba et al. 2016, eq. 3).</summary>
    /// <returns>The scale.</returns>
    public static T Layer<T>(ReadOnlySpan<T> x, Span<T> normalized, T epsilon)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        normalized = normalized[..x.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* source = x)
            fixed (T* target = normalized)
            {
                return T.CreateTruncating(NormRow.Layer((float*)source, (float*)target, x.Length, float.CreateTruncating(epsilon)));
            }
        }

        return LayerReference(x, normalized, epsilon);
    }

    /// <summary>normalized = x / scale with scale = sqrt(mean(x²) + epsilon) (Zhang and Sennrich 2019, eq. 4).</summary>
    /// <returns>The scale.</returns>
    public static T Rms<T>(ReadOnlySpan<T> x, Span<T> normalized, T epsilon)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        normalized = normalized[..x.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* source = x)
            fixed (T* target = normalized)
            {
                return T.CreateTruncating(NormRow.Rms((float*)source, (float*)target, x.Length, float.CreateTruncating(epsilon)));
            }
        }

        return RmsReference(x, normalized, epsilon);
    }

    /// <summary>y = normalized · weight + bias.</summary>
    /// <param name="normalized">[d].</param>
    /// <param name="weight">[d], or empty for none.</param>
    /// <param name="bias">[d], or empty for none.</param>
    /// <param name="y">[d]; may be <paramref name="normalized"/> itself.</param>
    public static void Affine<T>(ReadOnlySpan<T> normalized, ReadOnlySpan<T> weight, ReadOnlySpan<T> bias, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        weight = weight.IsEmpty ? weight : weight[..normalized.Length];
        bias = bias.IsEmpty ? bias : bias[..normalized.Length];
        y = y[..normalized.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated && !weight.IsEmpty)
        {
            fixed (T* source = normalized)
            fixed (T* w = weight)
            fixed (T* b = bias)
            fixed (T* target = y)
            {
                AffineRow.Apply((float*)source, (float*)w, (float*)b, (float*)target, normalized.Length);
            }

            return;
        }

        AffineReference(normalized, weight, bias, y);
    }

    /// <summary><see cref="Layer"/> value by value.</summary>
    internal static T LayerReference<T>(ReadOnlySpan<T> x, Span<T> normalized, T epsilon)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        foreach (T value in x)
        {
            sum += value;
        }

        T count = T.CreateTruncating(x.Length);
        T mean = sum / count;
        T squares = T.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            T centred = x[i] - mean;
            normalized[i] = centred;
            squares += centred * centred;
        }

        T scale = T.Sqrt((squares / count) + epsilon);
        for (int i = 0; i < x.Length; i++)
        {
            normalized[i] /= scale;
        }

        return scale;
    }

    /// <summary><see cref="Rms"/> value by value.</summary>
    internal static T RmsReference<T>(ReadOnlySpan<T> x, Span<T> normalized, T epsilon)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T squares = T.Zero;
        foreach (T value in x)
        {
            squares += value * value;
        }

        T scale = T.Sqrt((squares / T.CreateTruncating(x.Length)) + epsilon);
        for (int i = 0; i < x.Length; i++)
        {
            normalized[i] = x[i] / scale;
        }

        return scale;
    }

    /// <summary><see cref="Affine"/> value by value.</summary>
    internal static void AffineReference<T>(ReadOnlySpan<T> normalized, ReadOnlySpan<T> weight, ReadOnlySpan<T> bias, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < normalized.Length; i++)
        {
            T value = weight.IsEmpty ? normalized[i] : normalized[i] * weight[i];
            y[i] = bias.IsEmpty ? value : value + bias[i];
        }
    }
}
