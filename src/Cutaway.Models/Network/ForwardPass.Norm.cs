using System.Numerics.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch normalized = new();
    private readonly Scratch scales = new();
    private readonly Scratch ownScales = new();
    private readonly Scratch unscaled = new();

    /// <summary>The network's norm of residual streams.</summary>
    /// <param name="scaleKind">The hook on the scale; the next kind is the hook on the normalised values.</param>
    /// <param name="layer">The block, or -1.</param>
    /// <param name="norm">Weight and bias.</param>
    /// <param name="x">[count, d_model].</param>
    /// <param name="count">How many streams; all positions' where a hook looks on.</param>
    /// <param name="y">[count, d_model]; may be the place of x.</param>
    private void Norm(HookKind scaleKind, int layer, NormWeights? norm, Scratch x, int count, Scratch y)
    {
        int d = config.DModel;
        if (config.Norm == NormKind.None)
        {
            Copy(x, count, y);
        }
        else if (Wants(scaleKind, layer) || Wants(scaleKind + 1, layer))
        {
            NormInSteps(config.Norm, scaleKind, layer, norm, x, d, 1, [request.Batch, request.Length, d], y);
        }
        else
        {
            Normalize(config.Norm, norm, x, count, d, 1, y);
        }
    }

    /// <summary>What attention or the MLP reads: the stream through a norm, or as it is where the network has its norms elsewhere.</summary>
    private void ReadStream(HookKind scaleKind, int layer, NormWeights? norm, Scratch x, Scratch y)
    {
        if (config.PreNorms)
        {
            Norm(scaleKind, layer, norm, x, rows, y);
        }
        else
        {
            Copy(x, rows, y);
        }
    }

    private void Copy(Scratch x, int count, Scratch y)
    {
        if (ReferenceEquals(x, y))
        {
            return;
        }

        int d = config.DModel;
        RepeatOperation<T>? by = tape is null ? null : RepeatOperation<T>.Record(tape, x.Variable, d);
        Span<T> values = x.Span;
        values.CopyTo(new Span<T>(Reserve(y, count, d, by), count * d));
    }

    /// <summary>The norm of queries or keys, in place.</summary>
    private void NormHeads(HookKind scaleKind, int layer, NormWeights? norm, Scratch target, int heads)
    {
        (NormKind kind, int dHead) = (config.QueryKeyNormKind, config.DHead);
        int width = config.QueryKeyNorm == QueryKeyNorm.Whole ? heads * dHead : dHead;
        int groups = config.QueryKeyNorm == QueryKeyNorm.EachHead ? heads : 1;
        if (Wants(scaleKind, layer) || Wants(scaleKind + 1, layer))
        {
            NormInSteps(kind, scaleKind, layer, norm, target, width, groups, [request.Batch, request.Length, heads, dHead], target);
        }
        else
        {
            Normalize(kind, norm, target, rows * heads * dHead / width, width, groups, target);
        }
    }

    /// <summary>Norm, weight and bias row by row; rows take the weights of as many groups in turn. The epsilon is the network's unless given.</summary>
    private void Normalize(NormKind kind, NormWeights? norm, Scratch x, int count, int width, int groups, Scratch y, double? ownEpsilon = null)
    {
        T* weight = Values(norm?.Weight);
        T epsilon = T.CreateTruncating(ownEpsilon ?? config.NormEpsilon);
        NormOperation<T>? by = tape is null ? null : NormOperation<T>.Record(tape, x.Variable, kind == NormKind.Layer, epsilon, width, groups, weight, norm?.Weight, norm?.Bias);
        T* source = x.Pointer;
        NormWork work = new(kind, epsilon, source, Reserve(y, count, width, by), null, weight, Values(norm?.Bias), width, groups);
        network.Pool.ForRows(count, (long)count * width, ref work);
    }

    /// <summary>The norm with its scale and its normalised values for hooks to see.</summary>
    private void NormInSteps(NormKind kind, HookKind scaleKind, int layer, NormWeights? norm, Scratch x, int width, int groups, ReadOnlySpan<int> extents, Scratch y)
    {
        int count = x.Span.Length / width;
        bool perHead = extents.Length == 4 && width == extents[3];
        bool centred = kind == NormKind.Layer;
        T epsilon = T.CreateTruncating(config.NormEpsilon);
        T* s = Reserve(scales, count, 1, tape is null ? null : NormStepOperation<T>.Record(tape, x.Variable, null, centred, epsilon, width));
        T* values = unscaled.Reserve(count, width);
        NormWork work = new(kind, epsilon, x.Pointer, values, s, null, null, width, 1);
        network.Pool.ForRows(count, (long)count * width, ref work);
        ownScales.Reserve(count);
        scales.Span.CopyTo(ownScales.Span);
        Visit(scaleKind, layer, scales, extents[0], extents[1], perHead ? extents[2] : 1, perHead ? 1 : -1);
        _ = Reserve(normalized, count, width, tape is null ? null : NormStepOperation<T>.Record(tape, x.Variable, scales.Variable, centred, epsilon, width));
        unscaled.Span.CopyTo(normalized.Span);
        Rescale(width);
        Visit(scaleKind + 1, layer, normalized, extents[0], extents[1], extents[2], extents.Length == 4 ? extents[3] : -1);
        T* weight = Values(norm?.Weight);
        AffineOperation<T>? by = tape is null ? null : AffineOperation<T>.Record(tape, normalized.Variable, width, groups, weight, norm?.Weight, norm?.Bias);
        AffineWork affine = new(normalized.Pointer, weight, Values(norm?.Bias), Reserve(y, count, width, by), width, groups);
        network.Pool.ForRows(count, (long)count * width, ref affine);
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

    /// <summary>Normalises a row; keeps its scale, applies weight and bias, where there is a place or a value for them.</summary>
    private readonly struct NormWork(NormKind kind, T epsilon, T* x, T* y, T* scales, T* weight, T* bias, int width, int groups) : IParallelWork
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
                Normalization.Affine(target, Row(weight, index % groups, width), Row(bias, index % groups, width), target);
            }
        }
    }

    private readonly struct AffineWork(T* x, T* weight, T* bias, T* y, int width, int groups) : IParallelWork
    {
        public void Invoke(int index) => Normalization.Affine(
            Row(x, index, width), Row(weight, index % groups, width), Row(bias, index % groups, width), new Span<T>(y + ((nint)index * width), width));
    }

    private static ReadOnlySpan<T> Row(T* values, int row, int width) => values is null ? default : new(values + ((nint)row * width), width);
}
