using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Where latent attention keeps its weights: DeepSeek's names.</summary>
internal static class LatentLayout
{
    /// <summary>Finds the weights.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="latent">The latents.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="name">The attention's name.</param>
    /// <param name="bias">Whether what reads the stream and the output have biases.</param>
    public static AttentionWeights Map(NetworkConfig network, LatentConfig latent, WeightReader weights, string name, bool bias)
    {
        (int heads, int dModel, int own) = (network.Heads, network.DModel, network.DHead - latent.Rotated);
        int queries = heads * network.DHead;
        LinearWeights down = weights.Linear($"{name}.kv_a_proj_with_mqa", latent.Width + latent.Rotated, dModel, bias);
        LinearWeights up = weights.Linear($"{name}.kv_b_proj", heads * (own + network.DValue), latent.Width, bias: false);
        bool isCompressed = latent.QueryWidth > 0;
        return new(
            isCompressed ? weights.Linear($"{name}.q_b_proj", queries, latent.QueryWidth, bias: false) : weights.Linear($"{name}.q_proj", queries, dModel, bias: false),
            up.Select(OfEachHead(0, own)),
            up.Select(OfEachHead(own, network.DValue)),
            weights.Linear($"{name}.o_proj", dModel, heads * network.DValue, bias))
        {
            Latent = new(
                new(down.Rows(0, latent.Width), weights.Norm($"{name}.kv_a_layernorm", latent.Width, bias: false)),
                down.Rows(latent.Width, latent.Rotated),
                isCompressed
                    ? new(weights.Linear($"{name}.q_a_proj", latent.QueryWidth, dModel, bias), weights.Norm($"{name}.q_a_layernorm", latent.QueryWidth, bias: false))
                    : null),
        };

        // Keys and values take turns, head by head.
        int[] OfEachHead(int start, int count) =>
            [.. Enumerable.Range(0, heads * count).Select(row => (row / count * (own + network.DValue)) + start + (row % count))];
    }
}
