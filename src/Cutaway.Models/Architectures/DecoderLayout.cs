using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Where decoders whose tensors are named <c>model.layers.N…</c> keep their weights. The defaults are Llama's; a family states
/// what it has otherwise. Names are relative to the layer, without <c>.weight</c>.
/// </summary>
internal sealed record DecoderLayout
{
    /// <summary>Whether queries, keys and values have biases.</summary>
    public bool ProjectionBias { get; init; }

    /// <summary>Whether attention's output has one.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Whether the MLP's projections have.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Whether norms have.</summary>
    public bool NormBias { get; init; }

    /// <summary>Queries, keys and values stored as one, in that order; null where they are three.</summary>
    public string? FusedProjections { get; init; }

    /// <summary>The MLP's gate and its other projection stored as one, in that order; null where they are two.</summary>
    public string? FusedGate { get; init; }

    /// <summary>Attention's output.</summary>
    public string Output { get; init; } = "self_attn.o_proj";

    /// <summary>The MLP's projections: in (<c>up</c>), out (<c>down</c>), and the gate of gated ones.</summary>
    public (string In, string Out, string Gate) Mlp { get; init; } = ("mlp.up_proj", "mlp.down_proj", "mlp.gate_proj");

    /// <summary>Where layers that have a mixture of experts keep it.</summary>
    public ExpertLayout Experts { get; init; } = new();

    /// <summary>Norms before attention and before the MLP; null where there is none, or where one serves both.</summary>
    public (string? Attention, string? Mlp) Norms { get; init; } = ("input_layernorm", "post_attention_layernorm");

    /// <summary>Norms of what attention and MLP add; null where there is none.</summary>
    public (string? Attention, string? Mlp) PostNorms { get; init; }

    /// <summary>Attention sinks, or null where there are none.</summary>
    public string? Sinks { get; init; }

    /// <summary>Norms of queries and of keys; with <c>{0}</c> where each head's is stored by itself.</summary>
    public (string Query, string Key) HeadNorms { get; init; } = ("self_attn.q_norm", "self_attn.k_norm");

    /// <summary>The norm before the unembedding, by its whole name.</summary>
    public string FinalNorm { get; init; } = "model.norm";

    /// <summary>The unembedding's bias, by its whole name, or null where there is none.</summary>
    public string? HeadBias { get; init; }

    /// <summary>Factor on logits.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>Whether norms have neither weights nor biases.</summary>
    public bool PlainNorms { get; init; }

    /// <summary>Finds the weights.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="weights">The checkpoint; everything in it must be used.</param>
    public NetworkWeights Map(NetworkConfig network, WeightReader weights)
    {
        WeightMatrix embedding = weights.Matrix("model.embed_tokens.weight", network.Vocabulary, network.DModel);
        NetworkWeights result = new(
            embedding,
            [.. network.LayerConfigs.Select((layer, i) => Block(network, layer.Experts, weights, $"model.layers.{i}"))],
            weights.Head("lm_head.weight", network, embedding, HeadBias))
        {
            FinalNorm = PlainNorms ? new NormWeights(null) : weights.FinalNorm(FinalNorm, network.DModel, NormBias, LogitScale),
        };
        weights.Finish("rotary_emb.inv_freq");
        return result;
    }

    private BlockWeights Block(NetworkConfig network, ExpertConfig? experts, WeightReader weights, string name)
    {
        return new BlockWeights(Attention(network, weights, name), experts is null ? MlpOf(network, weights, name) : null)
        {
            Experts = experts is null ? null : Experts.Map(network, experts, weights, name),
            AttentionNorm = Norm(Norms.Attention),
            AttentionPostNorm = Norm(PostNorms.Attention),
            MlpNorm = Norm(Norms.Mlp),
            MlpPostNorm = Norm(PostNorms.Mlp),
        };

        NormWeights? Norm(string? norm) => norm is null ? null : PlainNorms ? new NormWeights(null) : weights.Norm($"{name}.{norm}", network.DModel, NormBias);
    }

    private AttentionWeights Attention(NetworkConfig network, WeightReader weights, string name)
    {
        if (network.Latent is { } latent)
        {
            return LatentLayout.Map(network, latent, weights, $"{name}.self_attn", ProjectionBias);
        }

        int queries = network.Heads * network.DHead;
        int keys = network.KeyValueHeads * network.DHead;
        LinearWeights? fused = FusedProjections is null ? null : weights.Linear($"{name}.{FusedProjections}", queries + (2 * keys), network.DModel, ProjectionBias);
        return new(
            fused?.Rows(0, queries) ?? Projection("q_proj", queries),
            fused?.Rows(queries, keys) ?? Projection("k_proj", keys),
            fused?.Rows(queries + keys, keys) ?? Projection("v_proj", keys),
            weights.Linear($"{name}.{Output}", network.DModel, queries, OutputBias))
        {
            Sinks = Sinks is null ? null : weights.Vector($"{name}.{Sinks}", network.Heads),
            QueryNorm = HeadNorm(HeadNorms.Query, network.Heads),
            KeyNorm = HeadNorm(HeadNorms.Key, network.KeyValueHeads),
        };

        NormWeights? HeadNorm(string part, int heads) => network.QueryKeyNorm switch
        {
            QueryKeyNorm.None => null,
            QueryKeyNorm.Head => weights.Norm($"{name}.{part}", network.DHead, bias: false),
            QueryKeyNorm.EachHead when part.Contains("{0}", StringComparison.Ordinal) => new NormWeights(new WeightVector(
            [
                .. Enumerable.Range(0, heads).SelectMany(head => weights.Vector($"{name}.{part.Replace("{0}", $"{head}", StringComparison.Ordinal)}.weight", network.DHead).Float64.ToArray()),
            ])),
            QueryKeyNorm.EachHead => new NormWeights(weights.Vector($"{name}.{part}.weight", heads, network.DHead)),
            _ => weights.Norm($"{name}.{part}", heads * network.DHead, bias: false),
        };

        LinearWeights Projection(string part, int width) => weights.Linear($"{name}.self_attn.{part}", width, network.DModel, ProjectionBias);
    }

    private MlpWeights MlpOf(NetworkConfig network, WeightReader weights, string name)
    {
        int width = network.DMlp;
        LinearWeights output = weights.Linear($"{name}.{Mlp.Out}", network.DModel, width, MlpBias);
        if (FusedGate is not null)
        {
            LinearWeights fused = weights.Linear($"{name}.{FusedGate}", 2 * width, network.DModel, MlpBias);
            return new(fused.Rows(width, width), output, fused.Rows(0, width));
        }

        return new(In(Mlp.In), output, network.GatedMlp ? In(Mlp.Gate) : null);

        LinearWeights In(string part) => weights.Linear($"{name}.{part}", width, network.DModel, MlpBias);
    }
}
