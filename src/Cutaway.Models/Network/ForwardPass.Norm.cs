using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch normalized = new();
    private readonly Scratch scales = new();
    private readonly Scratch ownScales = new();

    /// <summary>The network's norm of residual streams.</summary>
    /// <param name="scaleKind">The hook on the scale; the next kind is the hook on the normalised values.</param>
    /// <param name="layer">The block, or -1.</param>
    /// <param name="norm">Weight and bias.</param>
    /// <param name="x">[count, d_model].</param>
    /// <param name="count">How many streams; all positions' where a hook looks on.</param>
    /// <param name="y">[count, d_model]; may be x.</param>
    private void Norm(HookKind scaleKind, int layer, NormWeights? norm, T* x, int count, T* y)
    {
        int d = config.DModel;
        if (config.Norm == NormKind.None)
        {
            new Span<T>(x, count * d).CopyTo(new Span<T>(y, count * d));
        }
        else if (Wants(scaleKind, layer) || Wants(scaleKind + 1, layer))
        {
            Prepare(config.Norm, x, count, d);
            Visit(scaleKind, layer, scales.Span, request.Batch, request.Length, 1);
            Rescale(d);
            Visit(scaleKind + 1, layer, normalized.Span, request.Batch, request.Length, d);
            Affine(norm, count, d, y);
        }
        else
        {
            Normalize(config.Norm, norm, x, count, d, y);
        }
    }

    /// <summary>RMSNorm of every head's vector, in place.</summary>
    private void NormHeads(HookKind scaleKind, int layer, NormWeights? norm, Scratch target, int heads)
    {
        int width = config.DHead;
        int count = rows * heads;
        if (Wants(scaleKind, layer) || Wants(scaleKind + 1, layer))
        {
            Prepare(NormKind.Rms, target.Pointer, count, width);
            Visit(scaleKind, layer, scales.Span, request.Batch, request.Length, heads, 1);
            Rescale(width);
            Visit(scaleKind + 1, layer, normalized.Span, request.Batch, request.Length, heads, width);
            Affine(norm, count, width, target.Pointer);
        }
        else
        {
            Normalize(NormKind.Rms, norm, target.Pointer, count, width, target.Pointer);
        }
    }

    /// <summary>Norm, weight and bias row by row.</summary>
    private void Normalize(NormKind kind, NormWeights? norm, T* x, int count, int width, T* y)
    {
        fixed (T* weight = Values(norm?.Weight))
        fixed (T* bias = Values(norm?.Bias))
        {
            NormWork work = new(kind, T.CreateTruncating(config.NormEpsilon), x, y, null, weight, bias, width);
            network.Pool.ForRows(count, (long)count * width, ref work);
        }
    }

    /// <summary>Scales and normalised values, for hooks to see.</summary>
    private void Prepare(NormKind kind, T* x, int count, int width)
    {
        T* s = scales.Reserve(count);
        NormWork work = new(kind, T.CreateTruncating(config.NormEpsilon), x, normalized.Reserve(count, width), s, null, null, width);
        network.Pool.ForRows(count, (long)count * width, ref work);
        ownScales.Reserve(count);
        scales.Span.CopyTo(ownScales.Span);
    }

    /// <summary>Divides by the scales that a hook has changed, as the network would have.</summary>
    private void Rescale(int width)
    {
        for (int row = 0; row < scales.Span.Length; row++)
        {
            if (scales.Span[row] != ownScales.Span[row])
            {
                Span<T> values = normalized.Span.Slice(row * width, width);
                TensorPrimitives.Multiply(values, ownScales.Span[row] / scales.Span[row], values);
            }
        }
    }

    private void Affine(NormWeights? norm, int count, int width, T* y)
    {
        fixed (T* weight = Values(norm?.Weight))
        fixed (T* bias = Values(norm?.Bias))
        {
            AffineWork work = new(normalized.Pointer, weight, bias, y, width);
            network.Pool.ForRows(count, (long)count * width, ref work);
        }
    }

    /// <summary>Normalises a row; keeps its scale, applies weight and bias, where there is a place or a value for them.</summary>
    private readonly struct NormWork(NormKind kind, T epsilon, T* x, T* y, T* scales, T* weight, T* bias, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            ReadOnlySpan<T> source = new(x + ((nint)index * width), width);
            Span<T> target = new(y + ((nint)index * width), width);
            T scale = kind == NormKind.Layer
                ? Normalization.Layer(source, target, epsilon)
                : Normalization.Rms(source, target, epsilon);
            if (scales is not null)
            {
                scales[index] = scale;
            }

            if (weight is not null || bias is not null)
            {
                Normalization.Affine(target, Row(weight, width), Row(bias, width), target);
            }
        }
    }

    private readonly struct AffineWork(T* x, T* weight, T* bias, T* y, int width) : IParallelWork
    {
        public void Invoke(int index) => Normalization.Affine(
            Row(x + ((nint)index * width), width), Row(weight, width), Row(bias, width), new Span<T>(y + ((nint)index * width), width));
    }

    private static ReadOnlySpan<T> Row(T* values, int width) => values is null ? default : new(values, width);
}
