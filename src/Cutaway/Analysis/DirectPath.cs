using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors.Storage;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Analysis;

/// <summary>
/// The direct path from what any part writes to a logit (difference) at one position. With the scales of the norms on it held
/// at what they were in a run, the path is linear: a direction for each kind of part, whose product with what the part holds
/// is its direct contribution (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Wang et al. 2022, section 3.1).
/// </summary>
public sealed class DirectPath
{
    private readonly NetworkConfig config;
    private readonly NetworkWeights weights;
    private readonly double[]? attentionScales;
    private readonly double[]? mlpScales;

    private DirectPath(LanguageModel model, double[] output, double[] residual, double constant, double[]? attentionScales, double[]? mlpScales)
    {
        config = model.Config;
        weights = model.Network.Weights;
        Output = output;
        Residual = residual;
        Constant = constant;
        this.attentionScales = attentionScales;
        this.mlpScales = mlpScales;
    }

    /// <summary>Reads what the unembedding reads (<c>unembed.hook_in</c>): [d_model].</summary>
    public IReadOnlyList<double> Output { get; }

    /// <summary>Reads the residual stream: [d_model].</summary>
    public IReadOnlyList<double> Residual { get; }

    /// <summary>What comes from no part: the final norm's bias and the unembedding's.</summary>
    public double Constant { get; }

    /// <summary>The sites a run must capture for <see cref="To"/>: the scales of the norms between the parts and the logits.</summary>
    public static IReadOnlyList<Site> Needs(LanguageModel model) =>
    [
        .. model.Network.Hooks.Points
            .Where(point => point.Kind is HookKind.FinalNormScale or HookKind.AttentionPostNormScale or HookKind.MlpPostNormScale)
            .Select(point => new Site(point.Name)),
    ];

    /// <summary>The path to a token's logit, or to the difference of two, before any cap on the logits.</summary>
    /// <param name="run">A run that captured <see cref="Needs"/>, at all positions.</param>
    /// <param name="position">The position whose logits are explained; negative counts from the end.</param>
    /// <param name="answer">The token's id.</param>
    /// <param name="versus">The id of the token whose logit is subtracted, or null.</param>
    /// <param name="sequence">Which sequence of the batch.</param>
    public static DirectPath To(Run run, int position, int answer, int? versus = null, int sequence = 0)
    {
        LinearWeights unembedding = run.Model.Network.Weights.Unembedding;
        double[] direction = Row(unembedding.Weight, answer);
        double constant = unembedding.Bias?.Float64[answer] ?? 0;
        if (versus is int other)
        {
            TensorPrimitives.Subtract(direction, Row(unembedding.Weight, other), direction);
            constant -= unembedding.Bias?.Float64[other] ?? 0;
        }

        return Along(run, position, direction, constant, sequence);
    }

    /// <summary>The path to a token's logit less the mean of all logits, which alone a softmax knows.</summary>
    /// <inheritdoc cref="To"/>
    public static DirectPath ToCentred(Run run, int position, int answer, int sequence = 0)
    {
        LinearWeights unembedding = run.Model.Network.Weights.Unembedding;
        double[] mean = new double[unembedding.Weight.Columns];
        double[] row = new double[unembedding.Weight.Columns];
        double bias = 0;
        for (int token = 0; token < unembedding.Weight.Rows; token++)
        {
            unembedding.Weight.DecodeRow<double>(token, row);
            TensorPrimitives.Add(mean, row, mean);
            bias += unembedding.Bias?.Float64[token] ?? 0;
        }

        double[] direction = Row(unembedding.Weight, answer);
        TensorPrimitives.MultiplyAdd(mean, -1.0 / unembedding.Weight.Rows, direction, direction);
        return Along(run, position, direction, (unembedding.Bias?.Float64[answer] ?? 0) - (bias / unembedding.Weight.Rows), sequence);
    }

    // A reader is a direction after the final norm.
    private static DirectPath Along(Run run, int position, double[] direction, double constant, int sequence)
    {
        LanguageModel model = run.Model;
        NetworkConfig config = model.Config;
        StreamSum.Require(config);
        NormWeights? final = model.Network.Weights.FinalNorm;
        if (final?.Bias is { } bias)
        {
            constant += TensorPrimitives.Dot<double>(bias.Float64, direction);
        }

        double[] residual = NormPath.Back(config, direction, final);
        if (config.Norm != NormKind.None)
        {
            Divide(residual, Scale(HookKind.FinalNormScale, -1));
        }

        return new DirectPath(model, direction, residual, constant, PostScales(HookKind.AttentionPostNormScale), PostScales(HookKind.MlpPostNormScale));

        double[]? PostScales(HookKind kind) => config.PostNorms && config.Norm != NormKind.None && !(kind == HookKind.MlpPostNormScale && config.AttentionOnly)
            ? [.. Enumerable.Range(0, config.Layers).Select(layer => Scale(kind, layer))]
            : null;

        double Scale(HookKind kind, int layer) => run[model.Network.Hooks.Find(kind, layer)!.Name][sequence, position, 0];
    }

    /// <summary>Reads the sum of a layer's heads and its output bias, before any post-norm: [d_model].</summary>
    public double[] AttentionOutput(int layer) => Before(attentionScales, layer, weights.Blocks[layer].AttentionPostNorm);

    /// <summary>Reads the sum of a layer's neurons and their output bias, before any post-norm: [d_model].</summary>
    public double[] MlpOutput(int layer) => Before(mlpScales, layer, weights.Blocks[layer].MlpPostNorm);

    /// <summary>Reads the mixed values (<c>hook_z</c>) of a layer's heads, and so the values they mix: [heads · d_head].</summary>
    public double[] Heads(int layer) => TransposedProduct(weights.Blocks[layer].Attention.Output.Weight, AttentionOutput(layer));

    /// <summary>Reads the mixed values of a layer's heads that attend to an encoder's output: [heads · d_head].</summary>
    public double[] CrossHeads(int layer) => TransposedProduct(weights.Blocks[layer].Cross!.Output.Weight, [.. Residual]);

    /// <summary>Reads a layer's neurons (<c>hook_post</c>): [d_mlp].</summary>
    public double[] Neurons(int layer) => TransposedProduct(weights.Blocks[layer].Mlp!.Out.Weight, MlpOutput(layer));

    /// <summary>What the biases of a layer's attention contribute: its output bias and its post-norm's.</summary>
    public double AttentionBias(int layer)
    {
        BlockWeights block = weights.Blocks[layer];
        return Dot(block.Attention.Output.Bias, AttentionOutput(layer)) + Dot(block.AttentionPostNorm?.Bias, [.. Residual]);
    }

    /// <summary>What the biases of a layer's MLP contribute: its output bias and its post-norm's.</summary>
    public double MlpBias(int layer)
    {
        BlockWeights block = weights.Blocks[layer];
        return Dot(block.Mlp!.Out.Bias, MlpOutput(layer)) + Dot(block.MlpPostNorm?.Bias, [.. Residual]);
    }

    // The reader of the stream, taken back through the factor on what a part adds and through the part's post-norm.
    private double[] Before(double[]? scales, int layer, NormWeights? postNorm)
    {
        double[] reader = scales is null ? [.. Residual] : Divide(NormPath.Back(config, [.. Residual], postNorm), scales[layer]);
        TensorPrimitives.Multiply(reader, config.ResidualScale, reader);
        return reader;
    }

    private static double Dot(WeightVector? bias, double[] direction) => bias is null ? 0 : TensorPrimitives.Dot<double>(bias.Float64, direction);

    private static double[] Row(WeightMatrix matrix, int row)
    {
        double[] values = new double[matrix.Columns];
        matrix.DecodeRow<double>(row, values);
        return values;
    }

    private static double[] Divide(double[] values, double by)
    {
        TensorPrimitives.Divide(values, by, values);
        return values;
    }

    /// <summary>matrixᵀ · vector, summed row by row.</summary>
    private static double[] TransposedProduct(WeightMatrix matrix, double[] vector)
    {
        double[] row = new double[matrix.Columns];
        double[] sum = new double[matrix.Columns];
        for (int i = 0; i < matrix.Rows; i++)
        {
            matrix.DecodeRow<double>(i, row);
            TensorPrimitives.MultiplyAdd<double>(row, vector[i], sum, sum);
        }

        return sum;
    }
}
