using System.Numerics.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    // The layer whose output weights are decoded, or -1.
    private int decodedLayer = -1;

    /// <summary>The same sum head by head, so that a hook can see and change each head's part.</summary>
    private void WriteHeads(int layer, LinearWeights linear, Scratch target)
    {
        NetworkConfig c = config;
        int d = c.DModel;
        int width = c.Heads * c.DValue;
        T factor = T.CreateTruncating(c.ResidualScale);
        T* matrix = outputWeights.Reserve(d, width);
        DecodeOutput(linear, matrix);
        decodedLayer = layer;
        MultiplyAdds += (long)rows * width * d;
        T* result = Reserve(perHead, rows, (long)c.Heads * d, tape is null ? null : HeadResultOperation<T>.Record(tape, mixed.Variable, rows, linear.Weight, c.Heads));
        for (int head = 0; head < c.Heads; head++)
        {
            MatrixProduct.Multiply(
                network.Pool,
                new MatrixView<T>(mixed.Pointer + (head * c.DValue), rows, c.DValue, width),
                new MatrixView<T>(matrix + (head * c.DValue), d, c.DValue, width).Transpose(),
                new MatrixView<T>(result + (head * d), rows, d, c.Heads * d),
                T.One);
        }

        Multiply(perHead, factor, d);
        Visit(HookKind.Result, layer, perHead, request.Batch, request.Length, c.Heads, d);
        T* sums = Reserve(target, rows, d, tape is null ? null : HeadSumOperation<T>.Record(tape, perHead.Variable, d, linear.Bias, factor));
        result = perHead.Pointer;
        ReadOnlySpan<T> bias = Row(Values(linear.Bias), 0, d);
        for (int row = 0; row < rows; row++)
        {
            Span<T> sum = new(sums + (row * d), d);
            if (bias.IsEmpty)
            {
                sum.Clear();
            }
            else
            {
                TensorPrimitives.Multiply(bias, factor, sum);
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

    private void CopyPerHead(Scratch source, Scratch target, int heads)
    {
        int d = config.DModel;
        T* copies = Reserve(target, rows, (long)heads * d, tape is null ? null : RepeatOperation<T>.Record(tape, source.Variable, d));
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                new ReadOnlySpan<T>(source.Pointer + (row * d), d).CopyTo(new Span<T>(copies + (((row * heads) + head) * d), d));
            }
        }
    }

    /// <summary>Queries, keys or values whose heads each read a residual stream of their own, normalised head by head.</summary>
    private void ProjectPerHead(HookKind kind, int layer, NormWeights? norm, LinearWeights linear, int heads, bool keep, Scratch target)
    {
        int d = config.DModel;
        int count = rows * heads;
        if (keep)
        {
            // hook_attn_in feeds all three projections, so this one works on a copy.
            _ = Reserve(perHeadNormalized, count, d, tape is null ? null : RepeatOperation<T>.Record(tape, perHead.Variable, d));
            perHead.Span.CopyTo(perHeadNormalized.Span);
        }
        else
        {
            CopyPerHead(residual, perHeadNormalized, heads);
        }

        Visit(kind, layer, perHeadNormalized, request.Batch, request.Length, heads, d);
        if (config.Norm != NormKind.None && config.PreNorms)
        {
            Normalize(config.Norm, norm, perHeadNormalized, count, d, 1, perHeadNormalized);
        }

        if (config.Positions == PositionKind.Shortformer && kind != HookKind.ValueInput)
        {
            T* sums = Renew(perHeadNormalized, tape is null ? null : AddOperation<T>.Record(tape, perHeadNormalized.Variable, positionVectors.Variable, d));
            for (int row = 0; row < count; row++)
            {
                Span<T> values = new(sums + (row * d), d);
                TensorPrimitives.Add(values, positionVectors.Span.Slice(row / heads * d, d), values);
            }
        }

        int dHead = linear.Weight.Rows / heads;
        MultiplyAdds += (long)count * d * dHead;
        T* bias = Values(linear.Bias);
        T* y = Reserve(target, rows, heads * dHead, tape is null ? null : LinearOperation<T>.Record(tape, perHeadNormalized.Variable, rows, linear.Weight, linear.Bias, heads));
        for (int head = 0; head < heads; head++)
        {
            WeightMatrix part = linear.Weight.SliceRows(head * dHead, dHead);
            MatrixProduct.Linear(
                network.Pool,
                new MatrixView<T>(perHeadNormalized.Pointer + (head * d), rows, d, heads * d),
                part,
                bias is null ? null : bias + (head * dHead),
                new MatrixView<T>(y + (head * dHead), rows, dHead, heads * dHead));
        }
    }
}
