using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Analysis;

/// <summary>Named vectors of the residual stream, one a part: what <see cref="ResidualDecomposition"/> splits a stream into.</summary>
/// <param name="Run">The run they come from.</param>
/// <param name="Labels">One a part, as TransformerLens writes them: <c>embed</c>, <c>0_attn_out</c>, <c>L0H3</c>, <c>final_post</c>.</param>
/// <param name="Values">[part, batch, pos, d_model], in double precision.</param>
public sealed record ResidualStack(Run Run, IReadOnlyList<string> Labels, Tensor Values)
{
    /// <summary>
    /// The parts as a norm passes them on with its scale held at what it was in the run: centred where the norm centres, and
    /// divided. The norm's weight and bias are left to the reader, as in TransformerLens's <c>apply_ln_to_stack</c>.
    /// </summary>
    /// <param name="layer">The block whose norm it is; the number of layers for the final norm.</param>
    /// <param name="mlp">Whether it is the norm before the MLP.</param>
    public ResidualStack Normalized(int layer, bool mlp = false)
    {
        NetworkConfig config = Run.Model.Config;
        double[] values = Values.ToDoubles();
        if (config.Norm != NormKind.None)
        {
            HookKind kind = layer == config.Layers ? HookKind.FinalNormScale : mlp ? HookKind.MlpNormScale : HookKind.AttentionNormScale;
            HookPoint point = Run.Model.Network.Hooks.Find(kind, layer == config.Layers ? -1 : layer)
                ?? throw CutawayException.Usage($"'{Run.Model.Name}' has no norm of its own before the MLP of layer {layer}");
            double[] scales = Run[point.Name].ToDoubles();
            int d = config.DModel;
            for (int row = 0; row < values.Length / d; row++)
            {
                Span<double> vector = values.AsSpan(row * d, d);
                NormPath.Centre(config, vector);
                TensorPrimitives.Divide(vector, scales[row % scales.Length], vector);
            }
        }

        return this with { Values = Tensor.Of(values, [.. Values.Shape], Values.Axes) };
    }

    /// <summary>Each part through the final norm on its own, weight and bias included: what the logit lens reads.</summary>
    public ResidualStack ThroughFinalNorm()
    {
        NetworkConfig config = Run.Model.Config;
        NormWeights? norm = Run.Model.Network.Weights.FinalNorm;
        double[] values = Values.ToDoubles();
        if (config.Norm != NormKind.None)
        {
            int d = config.DModel;
            double[] weight = norm?.Weight is { } w ? [.. w.Float64.ToArray().Select(value => value + config.NormWeightOffset)] : [];
            double[] bias = norm?.Bias?.Float64.ToArray() ?? [];
            for (int row = 0; row < values.Length / d; row++)
            {
                Span<double> vector = values.AsSpan(row * d, d);
                _ = config.Norm == NormKind.Layer
                    ? Normalization.Layer<double>(vector, vector, config.NormEpsilon)
                    : Normalization.Rms<double>(vector, vector, config.NormEpsilon);
                Normalization.Affine<double>(vector, weight, bias, vector);
            }
        }

        return this with { Values = Tensor.Of(values, [.. Values.Shape], Values.Axes) };
    }

    /// <summary>The product of every part with a direction: [part, batch, pos].</summary>
    /// <param name="direction">[d_model], such as a column of the unembedding.</param>
    public Tensor Along(IReadOnlyList<double> direction)
    {
        ReadOnlySpan<double> values = Values.Float64;
        double[] along = new double[Values.Count / direction.Count];
        double[] reader = [.. direction];
        for (int row = 0; row < along.Length; row++)
        {
            along[row] = TensorPrimitives.Dot(values.Slice(row * reader.Length, reader.Length), reader);
        }

        return Tensor.Of(along, [.. Values.Shape.SkipLast(1)], [.. Values.Axes.SkipLast(1)]);
    }
}
