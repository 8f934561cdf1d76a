using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Analysis;

/// <summary>
/// The gradient at every input that reads the residual stream, head by head, out of one ordinary gradient. Only queries, keys
/// and values of a head read its input, so the gradient there is that at the queries, taken back through their weights and the
/// norm: no run needs to hold a copy of the stream for each head.
/// </summary>
/// <remarks>Where queries are grouped, a key head's gradient is that of all the queries that read it, together.</remarks>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class DestinationGradients<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly NetworkConfig config;
    private readonly TransformerNetwork network;
    private T[] normalized = [];
    private T[] scales = [];

    /// <summary>Prepares for a model's runs.</summary>
    public DestinationGradients(LanguageModel model)
    {
        config = model.Config;
        network = model.Network;
    }

    /// <summary>What a run must keep for <see cref="Heads"/>, <see cref="Mlp"/> and <see cref="Logits"/>.</summary>
    public static PlanItem[] Needs(NetworkConfig config) =>
    [
        Capture.At(Site.AllResidPre),
        CaptureGradient.At("blocks.*.attn.hook_q"),
        CaptureGradient.At("blocks.*.attn.hook_k"),
        CaptureGradient.At("blocks.*.attn.hook_v"),
        .. config.AttentionOnly ? [] : new PlanItem[] { CaptureGradient.At("blocks.*.hook_mlp_in") },
        CaptureGradient.At(Site.ResidPost(config.Layers - 1)),
    ];

    /// <summary>How many inputs the heads of a layer have.</summary>
    public int HeadInputs => config.Heads + (2 * config.KeyValueHeads);

    /// <summary>Writes the gradients at the inputs of a layer's heads: queries, keys, values.</summary>
    /// <param name="run">A run that kept <see cref="Needs"/>.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="item">The first sequence.</param>
    /// <param name="items">How many.</param>
    /// <param name="target">[input, sequence, pos, d_model].</param>
    public void Heads(GradientRun run, int layer, int item, int items, Memory<T> target)
    {
        BlockWeights block = network.Weights.Blocks[layer];
        int rows = items * run.Run.Tokens.Length;
        int width = rows * config.DModel;
        int groups = config.KeyValueHeads;
        Prepare(run[Site.ResidPre(layer)].To<T>().Slice(item * run.Run.Tokens.Length * config.DModel, width), rows);
        T[] weight = NormWeight(block.AttentionNorm);
        Port("hook_q", block.Attention.Query.Weight, config.Heads, target[..(config.Heads * width)]);
        Port("hook_k", block.Attention.Key.Weight, groups, target.Slice(config.Heads * width, groups * width));
        Port("hook_v", block.Attention.Value.Weight, groups, target.Slice((config.Heads + groups) * width, groups * width));

        void Port(string hook, WeightMatrix projection, int heads, Memory<T> into)
        {
            int dHead = config.DHead;
            ReadOnlySpan<T> gradient = run.Gradient($"blocks.{layer}.attn.{hook}").To<T>()[(item * run.Run.Tokens.Length * heads * dHead)..];
            for (int head = 0; head < heads; head++)
            {
                SpanMatrix<T> read = new(gradient[(head * dHead)..], rows, dHead, heads * dHead);
                MatrixProduct.LinearTransposed(network.Pool, read, projection.SliceRows(head * dHead, dHead), into.Span.Slice(head * width, width));
            }

            if (config.Norm != NormKind.None)
            {
                NormWork work = new(config.Norm, weight, normalized, scales, into, rows, config.DModel);
                network.Pool.For(heads * rows, ref work);
            }
        }
    }

    /// <summary>The gradient at the input of a layer's MLP, [sequence, pos, d_model].</summary>
    public void Mlp(GradientRun run, int layer, int item, int items, Span<T> target) => Slice(run, $"blocks.{layer}.hook_mlp_in", item, items, target);

    /// <summary>The gradient at the end of the residual stream, [sequence, pos, d_model].</summary>
    public void Logits(GradientRun run, int item, int items, Span<T> target) => Slice(run, Site.ResidPost(config.Layers - 1), item, items, target);

    private void Slice(GradientRun run, Site site, int item, int items, Span<T> target)
    {
        int width = run.Run.Tokens.Length * config.DModel;
        run.Gradient(site).To<T>().Slice(item * width, items * width).CopyTo(target);
    }

    private void Prepare(ReadOnlySpan<T> residual, int rows)
    {
        if (normalized.Length < residual.Length)
        {
            normalized = new T[residual.Length];
            scales = new T[rows];
        }

        T epsilon = T.CreateTruncating(config.NormEpsilon);
        for (int row = 0; config.Norm != NormKind.None && row < rows; row++)
        {
            ReadOnlySpan<T> x = residual.Slice(row * config.DModel, config.DModel);
            Span<T> y = normalized.AsSpan(row * config.DModel, config.DModel);
            scales[row] = config.Norm == NormKind.Layer ? Normalization.Layer(x, y, epsilon) : Normalization.Rms(x, y, epsilon);
        }
    }

    private T[] NormWeight(NormWeights? norm) => config.Norm == NormKind.None || norm?.Weight is not { } weight
        ? []
        : [.. weight.Float64.ToArray().Select(value => T.CreateTruncating(value + config.NormWeightOffset))];

    /// <summary>Takes gradients back through the norm, in place; rows go round the places of the stream.</summary>
    private readonly struct NormWork(NormKind kind, T[] weight, T[] normalized, T[] scales, Memory<T> gradients, int rows, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            int place = index % rows;
            ReadOnlySpan<T> x = normalized.AsSpan(place * width, width);
            Span<T> gradient = gradients.Span.Slice(index * width, width);
            if (weight.Length > 0)
            {
                TensorPrimitives.Multiply(gradient, weight, gradient);
            }

            if (kind == NormKind.Layer)
            {
                NormalizationBackward.Layer(x, scales[place], gradient, gradient);
            }
            else
            {
                NormalizationBackward.Rms(x, scales[place], gradient, gradient);
            }
        }
    }
}
