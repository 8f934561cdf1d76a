using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    // The layer whose output weights are decoded, or -1.
    private int decodedLayer = -1;

    /// <summary>The same sum head by head, so that a hook can see and change each head's part.</summary>
    private void WriteHeads(int layer, LinearWeights output, T* target)
    {
        NetworkConfig c = config;
        int d = c.DModel;
        int width = c.Heads * c.DHead;
        T* matrix = outputWeights.Reserve(d, width);
        DecodeOutput(output, matrix);
        decodedLayer = layer;
        MultiplyAdds += (long)rows * width * d;
        T* result = perHead.Reserve(rows, (long)c.Heads * d);
        for (int head = 0; head < c.Heads; head++)
        {
            MatrixProduct.Multiply(
                network.Pool,
                new MatrixView<T>(mixed.Pointer + (head * c.DHead), rows, c.DHead, width),
                new MatrixView<T>(matrix + (head * c.DHead), d, c.DHead, width).Transpose(),
                new MatrixView<T>(result + (head * d), rows, d, c.Heads * d),
                T.One);
        }

        Visit(HookKind.Result, layer, perHead.Span, request.Batch, request.Length, c.Heads, d);
        ReadOnlySpan<T> bias = Values(output.Bias);
        for (int row = 0; row < rows; row++)
        {
            Span<T> sum = new(target + (row * d), d);
            if (bias.IsEmpty)
            {
                sum.Clear();
            }
            else
            {
                bias.CopyTo(sum);
            }

            for (int head = 0; head < c.Heads; head++)
            {
                TensorPrimitives.Add(sum, new ReadOnlySpan<T>(result + (((row * c.Heads) + head) * d), d), sum);
            }
        }
    }

    private static void DecodeOutput(LinearWeights output, T* matrix)
    {
        int width = output.Weight.Columns;
        for (int row = 0; row < output.Weight.Rows; row++)
        {
            output.Weight.DecodeRow(row, new Span<T>(matrix + (row * width), width));
        }
    }

    private void CopyPerHead(T* target, int heads)
    {
        int d = config.DModel;
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                new ReadOnlySpan<T>(residual.Pointer + (row * d), d).CopyTo(new Span<T>(target + (((row * heads) + head) * d), d));
            }
        }
    }

    /// <summary>Queries, keys or values whose heads each read a residual stream of their own, normalised head by head.</summary>
    private void ProjectPerHead(HookKind kind, int layer, NormWeights? norm, LinearWeights linear, int heads, bool keep, T* target)
    {
        int d = config.DModel;
        int count = rows * heads;
        T* x = perHeadNormalized.Reserve(count, d);
        if (keep)
        {
            // hook_attn_in feeds all three projections, so this one works on a copy.
            perHead.Span.CopyTo(perHeadNormalized.Span);
        }
        else
        {
            CopyPerHead(x, heads);
        }

        Visit(kind, layer, perHeadNormalized.Span, request.Batch, request.Length, heads, d);
        if (config.Norm != NormKind.None)
        {
            Normalize(config.Norm, norm, x, count, d, x);
        }

        if (config.Positions == PositionKind.Shortformer && kind != HookKind.ValueInput)
        {
            for (int row = 0; row < count; row++)
            {
                Span<T> values = new(x + (row * d), d);
                TensorPrimitives.Add(values, positionVectors.Span.Slice(row / heads * d, d), values);
            }
        }

        int dHead = config.DHead;
        MultiplyAdds += (long)count * d * dHead;
        fixed (T* bias = Values(linear.Bias))
        {
            for (int head = 0; head < heads; head++)
            {
                WeightMatrix part = linear.Weight.SliceRows(head * dHead, dHead);
                MatrixProduct.Linear(
                    network.Pool,
                    new MatrixView<T>(x + (head * d), rows, d, heads * d),
                    part,
                    bias is null ? null : bias + (head * dHead),
                    new MatrixView<T>(target + (head * dHead), rows, dHead, heads * dHead));
            }
        }
    }
}
