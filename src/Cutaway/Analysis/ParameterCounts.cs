using Cutaway.Models.Network;

namespace Cutaway.Analysis;

/// <summary>How many numbers a kind of part holds.</summary>
/// <param name="Part">The kind of part.</param>
/// <param name="Count">Its parameters, over all layers.</param>
public sealed record ParameterCount(string Part, long Count);

/// <summary>Counts the parameters of a network.</summary>
public static class ParameterCounts
{
    /// <summary>Parameters by kind of part; a tied unembedding is not counted twice.</summary>
    public static IReadOnlyList<ParameterCount> Of(TransformerNetwork network)
    {
        NetworkWeights weights = network.Weights;
        List<ParameterCount> counts =
        [
            new("embedding", Count(weights.Embedding)),
            new("positions", (weights.Positions is null ? 0 : Count(weights.Positions)) + (weights.ScoreBias is null ? 0 : Count(weights.ScoreBias))),
            new("token types", weights.TokenTypes is null ? 0 : Count(weights.TokenTypes)),
            new("attention", weights.Blocks.Sum(block => Count(block.Attention.Query) + Count(block.Attention.Key) + Count(block.Attention.Value) + Count(block.Attention.Output) + Count(block.Attention.Latent) + (block.Attention.Sinks?.Length ?? 0)
                + Count(block.Cross?.Query) + Count(block.Cross?.Key) + Count(block.Cross?.Value) + Count(block.Cross?.Output))),
            new("MLP", weights.Blocks.Sum(block => Count(block.Mlp) + Count(block.Experts))),
            new("norms", Count(weights.EmbeddingNorm) + Count(weights.InputNorm) + Count(weights.FinalNorm) + weights.Blocks.Sum(block =>
                Count(block.AttentionNorm) + Count(block.CrossNorm) + Count(block.MlpNorm) + Count(block.AttentionPostNorm) + Count(block.MlpPostNorm)
                + Count(block.Attention.QueryNorm) + Count(block.Attention.KeyNorm)
                + Count(block.Attention.Latent?.KeyValue.Norm) + Count(block.Attention.Latent?.Query?.Norm))),
            new("head layer", Count(weights.HeadTransform)),
            new("unembedding", network.Config.TiedEmbedding || !network.Config.Unembeds ? weights.Unembedding.Bias?.Length ?? 0 : Count(weights.Unembedding)),
        ];
        return [.. counts.Where(count => count.Count > 0)];
    }

    private static long Count(Tensors.Storage.WeightMatrix matrix) => (long)matrix.Rows * matrix.Columns;

    private static long Count(LinearWeights? linear) => linear is null ? 0 : Count(linear.Weight) + (linear.Bias?.Length ?? 0);

    private static long Count(LatentWeights? latent) => latent is null ? 0 : Count(latent.KeyValue.Down) + Count(latent.RotatedKey) + Count(latent.Query?.Down);

    private static long Count(MlpWeights? mlp) => mlp is null ? 0 : Count(mlp.In) + Count(mlp.Out) + Count(mlp.Gate);

    private static long Count(ExpertWeights? experts) => experts is null ? 0
        : Count(experts.Router) + experts.Experts.Sum(Count) + Count(experts.Shared) + Count(experts.SharedGate) + (experts.SelectionBias?.Length ?? 0);

    private static long Count(NormWeights? norm) => (norm?.Weight?.Length ?? 0) + (norm?.Bias?.Length ?? 0);
}
