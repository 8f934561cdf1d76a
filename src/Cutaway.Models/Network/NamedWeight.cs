using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>One weight of a network: a matrix or a vector.</summary>
/// <param name="Name">TransformerLens's name, such as <c>blocks.0.attn.W_Q</c>.</param>
/// <param name="Matrix">The matrix, [outputs, inputs], or null.</param>
/// <param name="Vector">The vector, or null.</param>
public sealed record NamedWeight(string Name, WeightMatrix? Matrix, WeightVector? Vector)
{
    /// <summary>How many values it has.</summary>
    public long Length => Matrix is null ? Vector!.Length : (long)Matrix.Rows * Matrix.Columns;

    /// <summary>What the network holds: the key of its gradient in a <see cref="Tensors.Autograd.ParameterGradients{T}"/>.</summary>
    public object Weight => (object?)Matrix ?? Vector!;

    /// <summary>The weights of a network in the order in which it uses them; an unembedding that is the embedding is listed once.</summary>
    internal static IReadOnlyList<NamedWeight> Of(NetworkWeights weights)
    {
        List<NamedWeight> all = [];
        Add("embed.W_E", weights.Embedding, null);
        Add("score_bias.W", weights.ScoreBias, null);
        AddNorm("embed.ln", weights.EmbeddingNorm);
        Add("token_type_embed.W_token_type", weights.TokenTypes, null);
        AddNorm("embed.ln", weights.InputNorm);
        Add("pos_embed.W_pos", weights.Positions, null);
        for (int layer = 0; layer < weights.Blocks.Count; layer++)
        {
            BlockWeights block = weights.Blocks[layer];
            string name = $"blocks.{layer}";
            AddNorm($"{name}.ln1", block.AttentionNorm);
            if (block.Attention.Latent is { } latent)
            {
                AddLinear($"{name}.attn", "Q_latent", latent.Query?.Down);
                AddNorm($"{name}.attn.q_latent_norm", latent.Query?.Norm);
                AddLinear($"{name}.attn", "KV_latent", latent.KeyValue.Down);
                AddNorm($"{name}.attn.kv_latent_norm", latent.KeyValue.Norm);
                AddLinear($"{name}.attn", "K_rotated", latent.RotatedKey);
            }

            AddLinear($"{name}.attn", "Q", block.Attention.Query);
            AddLinear($"{name}.attn", "K", block.Attention.Key);
            AddLinear($"{name}.attn", "V", block.Attention.Value);
            AddLinear($"{name}.attn", "O", block.Attention.Output);
            Add($"{name}.attn.sinks", null, block.Attention.Sinks);
            AddNorm($"{name}.attn.q_norm", block.Attention.QueryNorm);
            AddNorm($"{name}.attn.k_norm", block.Attention.KeyNorm);
            AddNorm($"{name}.ln1_post", block.AttentionPostNorm);
            AddNorm($"{name}.ln2", block.CrossNorm);
            AddLinear($"{name}.cross_attn", "Q", block.Cross?.Query);
            AddLinear($"{name}.cross_attn", "K", block.Cross?.Key);
            AddLinear($"{name}.cross_attn", "V", block.Cross?.Value);
            AddLinear($"{name}.cross_attn", "O", block.Cross?.Output);
            AddNorm($"{name}.{(block.Cross is null ? "ln2" : "ln3")}", block.MlpNorm);
            AddMlp($"{name}.mlp", block.Mlp);
            AddLinear($"{name}.mlp", "router", block.Experts?.Router);
            Add($"{name}.mlp.b_selection", null, block.Experts?.SelectionBias);
            for (int expert = 0; expert < (block.Experts?.Experts.Count ?? 0); expert++)
            {
                AddMlp($"{name}.mlp.experts.{expert}", block.Experts!.Experts[expert]);
            }

            AddMlp($"{name}.mlp.shared", block.Experts?.Shared);
            AddLinear($"{name}.mlp.shared", "choice", block.Experts?.SharedGate);
            AddNorm($"{name}.ln2_post", block.MlpPostNorm);
        }

        AddLinear("mlm_head", "transform", weights.HeadTransform);
        AddNorm("ln_final", weights.FinalNorm);
        Add("unembed.W_U", ReferenceEquals(weights.Unembedding.Weight, weights.Embedding) ? null : weights.Unembedding.Weight, null);
        Add("unembed.b_U", null, weights.Unembedding.Bias);
        return all;

        void Add(string name, WeightMatrix? matrix, WeightVector? vector)
        {
            if (matrix is not null || vector is not null)
            {
                all.Add(new NamedWeight(name, matrix, vector));
            }
        }

        void AddMlp(string stem, MlpWeights? mlp)
        {
            AddLinear(stem, "gate", mlp?.Gate);
            AddLinear(stem, "in", mlp?.In);
            AddLinear(stem, "out", mlp?.Out);
        }

        void AddLinear(string stem, string part, LinearWeights? linear)
        {
            Add($"{stem}.W_{part}", linear?.Weight, null);
            Add($"{stem}.b_{part}", null, linear?.Bias);
        }

        void AddNorm(string stem, NormWeights? norm)
        {
            Add($"{stem}.w", null, norm?.Weight);
            Add($"{stem}.b", null, norm?.Bias);
        }
    }
}
