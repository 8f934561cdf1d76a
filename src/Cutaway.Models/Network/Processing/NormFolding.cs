using Cutaway.Tensors;

namespace Cutaway.Models.Network.Processing;

/// <summary>
/// Moves a norm's weight and bias into what reads through it: W (w ∘ x̂ + b) = (W ∘ w) x̂ + W b. After LayerNorm x̂ has no
/// mean, so the mean of each row of W over d_model is removed too. Norms of heads and norms after a part stay: what they
/// divide by depends on what would have to absorb them.
/// </summary>
internal static class NormFolding
{
    private static readonly NormWeights Folded = new(null);

    /// <summary>Folds the norms before attention, before the MLP and before the unembedding.</summary>
    public static NetworkWeights Apply(NetworkConfig config, NetworkWeights weights, DType storage)
    {
        return weights with
        {
            Blocks = [.. weights.Blocks.Select(FoldBlock)],
            Unembedding = Fold(weights.Unembedding, weights.FinalNorm),
            FinalNorm = Folded,
        };

        BlockWeights FoldBlock(BlockWeights block)
        {
            AttentionWeights attention = block.Attention;
            NormWeights? beforeMlp = config.Block == BlockKind.ParallelSharedNorm ? block.AttentionNorm : block.MlpNorm;
            return block with
            {
                Attention = attention.Latent is { } latent
                    ? attention with
                    {
                        Query = latent.Query is null ? Fold(attention.Query, block.AttentionNorm) : attention.Query,
                        Latent = new(Compression(latent.KeyValue), Fold(latent.RotatedKey, block.AttentionNorm), latent.Query is null ? null : Compression(latent.Query)),
                    }
                    : attention with
                    {
                        Query = Fold(attention.Query, block.AttentionNorm),
                        Key = Fold(attention.Key, block.AttentionNorm),
                        Value = Fold(attention.Value, block.AttentionNorm),
                    },
                Cross = block.Cross is { } cross ? cross with { Query = Fold(cross.Query, block.CrossNorm) } : null,
                CrossNorm = block.CrossNorm is null ? null : Folded,
                AttentionNorm = Folded,
                Mlp = Mlp(block.Mlp),
                Experts = block.Experts is { } experts
                    ? experts with
                    {
                        Router = Fold(experts.Router, beforeMlp),
                        Experts = [.. experts.Experts.Select(expert => Mlp(expert)!)],
                        Shared = Mlp(experts.Shared),
                        SharedGate = experts.SharedGate is null ? null : Fold(experts.SharedGate, beforeMlp),
                    }
                    : null,
                MlpNorm = block.MlpNorm is null ? null : Folded,
            };

            CompressionWeights Compression(CompressionWeights latent) => latent with { Down = Fold(latent.Down, block.AttentionNorm) };

            MlpWeights? Mlp(MlpWeights? mlp) => mlp is null ? null : mlp with { In = Fold(mlp.In, beforeMlp), Gate = mlp.Gate is null ? null : Fold(mlp.Gate, beforeMlp) };
        }

        LinearWeights Fold(LinearWeights reader, NormWeights? norm)
        {
            double[]? scale = norm?.Weight is { } stored ? [.. stored.Float64.ToArray().Select(value => value + config.NormWeightOffset)] : null;
            WeightVector? bias = norm?.Bias is { } shift ? reader.Bias.Plus(reader.Weight.Times(shift.Float64)) : reader.Bias;
            return new LinearWeights(reader.Weight.Rewrite(storage, Change), bias);

            void Change(int row, Span<double> values)
            {
                for (int i = 0; scale is not null && i < values.Length; i++)
                {
                    values[i] *= scale[i];
                }

                if (config.Norm == NormKind.Layer)
                {
                    MatrixRewriting.Centre(values);
                }
            }
        }
    }
}
