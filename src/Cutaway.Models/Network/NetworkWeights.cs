using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;


/// <summary>A norm's weight and bias; either may be absent.</summary>
/// <param name="Weight">[width], as the checkpoint stores it (see <see cref="NetworkConfig.NormWeightOffset"/>).</param>
/// <param name="Bias">[width].</param>
public sealed record NormWeights(WeightVector? Weight, WeightVector? Bias = null);

/// <summary>A linear map.</summary>
/// <param name="Weight">[outputs, inputs].</param>
/// <param name="Bias">[outputs], or null.</param>
public sealed record LinearWeights(WeightMatrix Weight, WeightVector? Bias = null);

/// <summary>One attention layer. Outputs are ordered head by head: row h · DHead + i is element i of head h.</summary>
/// <param name="Query">[heads · d_head, d_model], or [heads · d_head, query latent].</param>
/// <param name="Key">[key/value heads · d_head, d_model]; in latent attention the part that heads do not share, [heads · (d_head - rotated), latent].</param>
/// <param name="Value">[key/value heads · d_value, d_model], or [heads · d_value, latent].</param>
/// <param name="Output">[d_model, heads · d_value].</param>
public sealed record AttentionWeights(LinearWeights Query, LinearWeights Key, LinearWeights Value, LinearWeights Output)
{
    /// <summary>Norm of queries, [d_head], or [heads · d_head] where heads have weights of their own; or null.</summary>
    public NormWeights? QueryNorm { get; init; }

    /// <summary>Norm of keys, [d_head] or [key/value heads · d_head], or null.</summary>
    public NormWeights? KeyNorm { get; init; }

    /// <summary>What the three read in the place of the stream where attention is latent, or null.</summary>
    public LatentWeights? Latent { get; init; }

    /// <summary>A score of each query head that takes its share of every pattern's weight and has no value, [heads] (gpt-oss), or null.</summary>
    public WeightVector? Sinks { get; init; }
}

/// <summary>One MLP.</summary>
/// <param name="In">[d_mlp, d_model]; in gated MLPs the projection that is not activated (<c>up</c>).</param>
/// <param name="Out">[d_model, d_mlp].</param>
/// <param name="Gate">[d_mlp, d_model], the activated projection of gated MLPs; else null.</param>
public sealed record MlpWeights(LinearWeights In, LinearWeights Out, LinearWeights? Gate = null);

/// <summary>A mixture of experts.</summary>
/// <param name="Router">[experts, d_model].</param>
/// <param name="Experts">One MLP an expert.</param>
/// <param name="Shared">The expert that every position passes, or null.</param>
/// <param name="SharedGate">Its gate, [1, d_model], or null.</param>
/// <param name="SelectionBias">[experts], added to scores for the choice only (DeepSeek-V3), or null.</param>
public sealed record ExpertWeights(
    LinearWeights Router, IReadOnlyList<MlpWeights> Experts, MlpWeights? Shared = null, LinearWeights? SharedGate = null, WeightVector? SelectionBias = null);

/// <summary>One block.</summary>
/// <param name="Attention">Its attention.</param>
/// <param name="Mlp">Its MLP, or null where it has none or a mixture of experts.</param>
public sealed record BlockWeights(AttentionWeights Attention, MlpWeights? Mlp)
{
    /// <summary>The mixture of experts in the MLP's place, or null.</summary>
    public ExpertWeights? Experts { get; init; }

    /// <summary>Attention that reads the encoder's output (<see cref="NetworkConfig.Encoder"/>), or null.</summary>
    public AttentionWeights? Cross { get; init; }

    /// <summary>The norm before it, or null.</summary>
    public NormWeights? CrossNorm { get; init; }

    /// <summary><c>ln1</c>, before attention.</summary>
    public NormWeights? AttentionNorm { get; init; }

    /// <summary><c>ln2</c>, before the MLP.</summary>
    public NormWeights? MlpNorm { get; init; }

    /// <summary><c>ln1_post</c>, on what attention adds (Gemma 2 and 3).</summary>
    public NormWeights? AttentionPostNorm { get; init; }

    /// <summary><c>ln2_post</c>, on what the MLP adds.</summary>
    public NormWeights? MlpPostNorm { get; init; }
}

/// <summary>All weights of a network.</summary>
/// <param name="Embedding">[vocabulary, d_model].</param>
/// <param name="Blocks">One entry a layer.</param>
/// <param name="Unembedding">[vocabulary, d_model]: W_U transposed.</param>
public sealed record NetworkWeights(WeightMatrix Embedding, IReadOnlyList<BlockWeights> Blocks, LinearWeights Unembedding)
{
    /// <summary>Learned positions, [context, d_model], or null.</summary>
    public WeightMatrix? Positions { get; init; }

    /// <summary>The encoder's weights (<see cref="NetworkConfig.Encoder"/>), or null.</summary>
    public NetworkWeights? Encoder { get; init; }

    /// <summary>What the encoder made of a text, after its final norm, [position, d_model]; null where none has been encoded. It is no weight, and is never trained.</summary>
    public WeightMatrix? Memory { get; init; }

    /// <summary>The bias of each bucket of distances on the scores of each head, [buckets, heads], the same in all layers; or null.</summary>
    public WeightMatrix? ScoreBias { get; init; }

    /// <summary>[token types, d_model], or null.</summary>
    public WeightMatrix? TokenTypes { get; init; }

    /// <summary>Norm of the sum of embeddings, <c>embed.ln</c>, or null.</summary>
    public NormWeights? InputNorm { get; init; }

    /// <summary>What the stream passes before the final norm and after it the nonlinearity, or null.</summary>
    public LinearWeights? HeadTransform { get; init; }

    /// <summary>Norm of the embedding, <c>embed.ln</c>, or null.</summary>
    public NormWeights? EmbeddingNorm { get; init; }

    /// <summary><c>ln_final</c>, or null.</summary>
    public NormWeights? FinalNorm { get; init; }

    /// <summary>The same network on other weights.</summary>
    /// <param name="matrix">What takes the place of a matrix.</param>
    /// <param name="vector">What takes the place of a vector.</param>
    internal NetworkWeights Replace(Func<WeightMatrix, WeightMatrix> matrix, Func<WeightVector, WeightVector> vector)
    {
        return new(matrix(Embedding), [.. Blocks.Select(Block)], Linear(Unembedding)!)
        {
            Positions = Positions is null ? null : matrix(Positions),
            Encoder = Encoder,
            Memory = Memory,
            ScoreBias = ScoreBias is null ? null : matrix(ScoreBias),
            TokenTypes = TokenTypes is null ? null : matrix(TokenTypes),
            InputNorm = Norm(InputNorm),
            HeadTransform = Linear(HeadTransform),
            EmbeddingNorm = Norm(EmbeddingNorm),
            FinalNorm = Norm(FinalNorm),
        };

        BlockWeights Block(BlockWeights block) => new(
            Attention(block.Attention),
            Mlp(block.Mlp))
        {
            Experts = block.Experts is { } experts
                ? new(Linear(experts.Router)!, [.. experts.Experts.Select(expert => Mlp(expert)!)], Mlp(experts.Shared), Linear(experts.SharedGate), Vector(experts.SelectionBias))
                : null,
            AttentionNorm = Norm(block.AttentionNorm),
            CrossNorm = Norm(block.CrossNorm),
            Cross = block.Cross is { } cross ? Attention(cross) : null,
            MlpNorm = Norm(block.MlpNorm),
            AttentionPostNorm = Norm(block.AttentionPostNorm),
            MlpPostNorm = Norm(block.MlpPostNorm),
        };

        AttentionWeights Attention(AttentionWeights attention) =>
            new(Linear(attention.Query)!, Linear(attention.Key)!, Linear(attention.Value)!, Linear(attention.Output)!)
            {
                QueryNorm = Norm(attention.QueryNorm),
                KeyNorm = Norm(attention.KeyNorm),
                Sinks = Vector(attention.Sinks),
                Latent = attention.Latent is { } latent ? new(Compression(latent.KeyValue)!, Linear(latent.RotatedKey)!, Compression(latent.Query)) : null,
            };

        MlpWeights? Mlp(MlpWeights? mlp) => mlp is null ? null : new(Linear(mlp.In)!, Linear(mlp.Out)!, Linear(mlp.Gate));

        CompressionWeights? Compression(CompressionWeights? latent) => latent is null ? null : new(Linear(latent.Down)!, Norm(latent.Norm)!);

        LinearWeights? Linear(LinearWeights? linear) => linear is null ? null : new(matrix(linear.Weight), Vector(linear.Bias));

        NormWeights? Norm(NormWeights? norm) => norm is null ? null : new(Vector(norm.Weight), Vector(norm.Bias));

        WeightVector? Vector(WeightVector? value) => value is null ? null : vector(value);
    }

    /// <summary>Weights without values, of the shapes that a configuration asks for: see <see cref="NetworkParameters.Create"/>.</summary>
    internal static unsafe NetworkWeights Empty(NetworkConfig c)
    {
        object nobody = new();
        bool biases = c.Norm == NormKind.Layer;
        WeightMatrix embedding = Matrix(c.Vocabulary, c.DModel);
        return new(embedding, [.. Enumerable.Range(0, c.Layers).Select(layer => Block(c.LayerConfigs[layer].Experts))], new LinearWeights(c.TiedEmbedding ? embedding : Matrix(c.Vocabulary, c.DModel)))
        {
            Positions = c.Positions is PositionKind.Learned or PositionKind.Shortformer ? Matrix(c.Context, c.DModel) : null,
            ScoreBias = c.ScoreBuckets is { } buckets ? Matrix(buckets.Count, c.Heads) : null,
            EmbeddingNorm = c.EmbeddingNorm ? Norm(c.DModel) : null,
            TokenTypes = c.TokenTypes > 0 ? Matrix(c.TokenTypes, c.DModel) : null,
            InputNorm = c.InputNorm ? Norm(c.DModel) : null,
            HeadTransform = c.HeadTransform ? Linear(c.DModel, c.DModel) : null,
            FinalNorm = c.FinalNorm ? Norm(c.DModel) : null,
        };

        BlockWeights Block(ExpertConfig? experts) => new(
            new AttentionWeights(
                Linear(c.Heads * c.DHead, c.Latent is { QueryWidth: > 0 and int queries } ? queries : c.DModel),
                Linear(c.KeyValueHeads * (c.DHead - (c.Latent?.Rotated ?? 0)), c.Latent?.Width ?? c.DModel),
                Linear(c.KeyValueHeads * c.DValue, c.Latent?.Width ?? c.DModel),
                Linear(c.DModel, c.Heads * c.DValue))
            {
                QueryNorm = HeadNorm(c.Heads),
                KeyNorm = HeadNorm(c.KeyValueHeads),
                Sinks = c.AttentionSinks ? Vector(c.Heads) : null,
                Latent = c.Latent is not { } latent ? null : new(Compression(latent.Width), Linear(latent.Rotated, c.DModel), latent.QueryWidth == 0 ? null : Compression(latent.QueryWidth)),
            },
            c.AttentionOnly || experts is not null ? null : Mlp(c.DMlp))
        {
            Experts = experts is null ? null : new(
                new LinearWeights(Matrix(experts.Count, c.DModel)),
                [.. Enumerable.Range(0, experts.Count).Select(_ => Mlp(experts.Width))],
                experts.SharedWidth == 0 ? null : Mlp(experts.SharedWidth),
                experts.SharedGate ? new LinearWeights(Matrix(1, c.DModel)) : null,
                experts.SelectionBias ? Vector(experts.Count) : null),
            AttentionNorm = c.NormPlacement != NormPlacement.After ? Norm(c.DModel) : null,
            MlpNorm = c.AttentionOnly || c.Block == BlockKind.ParallelSharedNorm || c.NormPlacement == NormPlacement.After ? null : Norm(c.DModel),
            AttentionPostNorm = c.PostNorms ? Norm(c.DModel) : null,
            MlpPostNorm = c.PostNorms && !c.AttentionOnly ? Norm(c.DModel) : null,
        };

        MlpWeights Mlp(int width) => new(Linear(width, c.DModel), Linear(c.DModel, width), c.GatedMlp ? Linear(width, c.DModel) : null);

        CompressionWeights Compression(int width) => new(Linear(width, c.DModel), new NormWeights(Vector(width)));

        NormWeights? HeadNorm(int heads) => c.QueryKeyNorm == QueryKeyNorm.None ? null : new NormWeights(Vector(c.QueryKeyNorm == QueryKeyNorm.Head ? c.DHead : heads * c.DHead));

        NormWeights? Norm(int width) => c.Norm == NormKind.None ? null : new(Vector(width), biases ? Vector(width) : null);

        LinearWeights Linear(int outputs, int inputs) => new(Matrix(outputs, inputs), biases ? Vector(outputs) : null);

        WeightMatrix Matrix(int rows, int columns) => WeightMatrix.FromMemory(nobody, null, ElementType.Float32, rows, columns);

        static WeightVector Vector(int length) => new(new double[length]);
    }
}
