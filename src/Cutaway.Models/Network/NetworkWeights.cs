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
/// <param name="Query">[heads · d_head, d_model].</param>
/// <param name="Key">[key/value heads · d_head, d_model].</param>
/// <param name="Value">[key/value heads · d_head, d_model].</param>
/// <param name="Output">[d_model, heads · d_head].</param>
public sealed record AttentionWeights(LinearWeights Query, LinearWeights Key, LinearWeights Value, LinearWeights Output)
{
    /// <summary>Norm of each query head, [d_head] (Qwen3, Gemma 3), or null.</summary>
    public NormWeights? QueryNorm { get; init; }

    /// <summary>Norm of each key head, [d_head], or null.</summary>
    public NormWeights? KeyNorm { get; init; }
}

/// <summary>One MLP.</summary>
/// <param name="In">[d_mlp, d_model]; in gated MLPs the projection that is not activated (<c>up</c>).</param>
/// <param name="Out">[d_model, d_mlp].</param>
/// <param name="Gate">[d_mlp, d_model], the activated projection of gated MLPs; else null.</param>
public sealed record MlpWeights(LinearWeights In, LinearWeights Out, LinearWeights? Gate = null);

/// <summary>One block.</summary>
/// <param name="Attention">Its attention.</param>
/// <param name="Mlp">Its MLP, or null in attention-only models.</param>
public sealed record BlockWeights(AttentionWeights Attention, MlpWeights? Mlp)
{
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

    /// <summary><c>ln_final</c>, or null.</summary>
    public NormWeights? FinalNorm { get; init; }
}
