using Cutaway.Tensors;

namespace Cutaway.Models.Network.Processing;

/// <summary>Removes means that no reader of the result can see.</summary>
internal static class Centring
{
    /// <summary>Whatever writes to the residual stream, without its mean over d_model.</summary>
    public static NetworkWeights WritingWeights(NetworkWeights weights, DType storage)
    {
        return weights with
        {
            // What a norm of the embedding passes on has a mean that no weight of its own can take away; every reader does.
            Embedding = weights.EmbeddingNorm is null ? weights.Embedding.Rewrite(storage, (_, row) => MatrixRewriting.Centre(row)) : weights.Embedding,
            Positions = weights.Positions?.Rewrite(storage, (_, row) => MatrixRewriting.Centre(row)),
            Blocks =
            [
                .. weights.Blocks.Select(block => block with
                {
                    Attention = block.Attention with { Output = OverOutputs(block.Attention.Output, storage) },
                    Mlp = Mlp(block.Mlp),
                    Experts = block.Experts is { } experts
                        ? experts with { Experts = [.. experts.Experts.Select(expert => Mlp(expert)!)], Shared = Mlp(experts.Shared) }
                        : null,
                }),
            ],
        };

        MlpWeights? Mlp(MlpWeights? mlp) => mlp is null ? null : mlp with { Out = OverOutputs(mlp.Out, storage) };
    }

    /// <summary>The unembedding without its mean over the vocabulary.</summary>
    public static NetworkWeights Unembedding(NetworkWeights weights, DType storage) =>
        weights with { Unembedding = OverOutputs(weights.Unembedding, storage) };

    private static LinearWeights OverOutputs(LinearWeights linear, DType storage)
    {
        double[] means = linear.Weight.ColumnMeans();
        double[]? bias = linear.Bias?.Float64.ToArray();
        MatrixRewriting.Centre(bias);
        return new LinearWeights(linear.Weight.Rewrite(storage, Change), bias is null ? null : new WeightVector(bias));

        void Change(int row, Span<double> values)
        {
            for (int column = 0; column < values.Length; column++)
            {
                values[column] -= means[column];
            }
        }
    }
}
