using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Network;

/// <summary>Multiply-adds that a forward pass needs, computed from the shape alone: the matrix products, not norms and activations.</summary>
public static class ForwardCost
{
    /// <summary>Queries, keys, values and the output of one attention layer.</summary>
    public static long AttentionProjections(NetworkConfig config, long rows)
    {
        (long d, long queries, long output) = (config.DModel, (long)config.Heads * config.DHead, (long)config.Heads * config.DValue);
        if (config.Latent is not { } latent)
        {
            return rows * d * (queries + output + (config.KeyValueHeads * ((long)config.DHead + config.DValue)));
        }

        long reading = latent.QueryWidth == 0 ? d * queries : latent.QueryWidth * (d + queries);
        long keysAndValues = (d * (latent.Width + latent.Rotated)) + ((long)latent.Width * config.KeyValueHeads * (config.DHead - latent.Rotated + config.DValue));
        return rows * (reading + keysAndValues + (output * d));
    }

    /// <summary>Scores and mixed values of sequences of one length.</summary>
    /// <param name="config">The network.</param>
    /// <param name="layer">The layer, for its window.</param>
    /// <param name="sequences">How many sequences.</param>
    /// <param name="past">Positions before the first row of each.</param>
    /// <param name="length">Rows of each.</param>
    /// <param name="hooked">Whether scores or pattern are shown to a hook, which takes all keys, hidden ones too.</param>
    public static long Attention(NetworkConfig config, int layer, long sequences, int past, int length, bool hooked)
    {
        AttentionWork<float> work = new()
        {
            Heads = config.Heads,
            DHead = config.DHead,
            DValue = config.DValue,
            Length = length,
            Past = past,
            Window = config.LayerConfigs[layer].Window ?? int.MaxValue,
            BothWays = !config.Causal,
            Step = hooked ? AttentionStep.Scores : AttentionStep.Everything,
        };

        long sum = work.MultiplyAdds;
        if (hooked)
        {
            work.Step = AttentionStep.Values;
            sum += work.MultiplyAdds;
        }

        return sequences * sum;
    }

    /// <summary>A block's attention to the encoder's output, without the keys and values, which a run computes once; 0 where there is no encoder.</summary>
    public static long Cross(NetworkConfig config, long rows) =>
        2 * rows * config.Heads * config.DHead * (config.MemoryLength == 0 ? 0 : (long)config.DModel + config.MemoryLength);

    /// <summary>The MLP of a layer; of a mixture of experts those that are chosen.</summary>
    /// <param name="config">The network.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="rows">Positions.</param>
    public static long Mlp(NetworkConfig config, int layer, long rows)
    {
        long neurons = config.LayerConfigs[layer].Experts is { } experts ? ((long)experts.Chosen * experts.Width) + experts.SharedWidth : config.DMlp;
        long router = config.LayerConfigs[layer].Experts is { } routed ? routed.Count + (routed.SharedGate ? 1 : 0) : 0;
        return rows * config.DModel * ((neurons * (config.GatedMlp ? 3L : 2L)) + router);
    }

    /// <summary>Logits, and the head's own map where there is one; for rows = 0 nothing.</summary>
    public static long Unembedding(NetworkConfig config, long rows, long tokens) => rows * config.DModel * (tokens + (config.HeadTransform ? config.DModel : 0));

    /// <summary>A run of whole prompts.</summary>
    /// <param name="config">The network.</param>
    /// <param name="batch">Prompts.</param>
    /// <param name="length">Positions of each.</param>
    /// <param name="logitRows">Positions whose logits are computed; 0 for none.</param>
    public static long Run(NetworkConfig config, int batch, int length, long logitRows)
    {
        long rows = (long)batch * length;
        long sum = Unembedding(config, logitRows, config.Vocabulary);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            sum += AttentionProjections(config, rows) + Attention(config, layer, batch, 0, length, hooked: false) + Cross(config, rows) + Mlp(config, layer, rows)
                + (2L * config.MemoryLength * config.DModel * config.KeyValueHeads * config.DHead);
        }

        return sum;
    }
}
