namespace Cutaway.Models.Network.Processing;

/// <summary>
/// Moves value biases into the output bias: each row of a pattern sums to one, so every position receives W_O b_V whatever
/// it attends to. It does not hold where an intervention changes a pattern, nor for padding, which attends to nothing.
/// </summary>
internal static class ValueBiasFolding
{
    /// <summary>Folds every layer's value biases.</summary>
    public static NetworkWeights Apply(NetworkConfig config, NetworkWeights weights)
    {
        return weights with { Blocks = [.. weights.Blocks.Select(block => block with { Attention = Fold(block.Attention), Cross = block.Cross is { } cross ? Fold(cross) : null })] };

        AttentionWeights Fold(AttentionWeights attention)
        {
            if (attention.Value.Bias is not { } bias)
            {
                return attention;
            }

            double[] mixed = new double[config.Heads * config.DValue];
            int shared = config.Heads / config.KeyValueHeads;
            for (int i = 0; i < mixed.Length; i++)
            {
                mixed[i] = bias.Float64[(i / config.DValue / shared * config.DValue) + (i % config.DValue)];
            }

            return attention with
            {
                Value = attention.Value with { Bias = null },
                Output = attention.Output with { Bias = attention.Output.Bias.Plus(attention.Output.Weight.Times(mixed)) },
            };
        }
    }
}
