using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Parity;

/// <summary>A network's parameters under TransformerLens's names and shapes (W_Q is [head, d_model, d_head], W_in [d_model, d_mlp]).</summary>
internal static class TransformerLensNames
{
    /// <summary>The values of a parameter; an absent bias is zero.</summary>
    public static double[] Read(NetworkConfig config, NetworkWeights weights, string name)
    {
        string[] parts = name.Split('.');
        if (parts[0] != "blocks")
        {
            return name switch
            {
                "embed.W_E" => weights.Embedding.Decode<double>(),
                "pos_embed.W_pos" => weights.Positions!.Decode<double>(),
                "unembed.W_U" => Transpose(weights.Unembedding.Weight),
                "unembed.b_U" => Bias(weights.Unembedding),
                _ => throw new ArgumentException($"{name} is not known", nameof(name)),
            };
        }

        BlockWeights block = weights.Blocks[int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)];
        return parts[^1] switch
        {
            "W_Q" => PerHead(block.Attention.Query.Weight),
            "W_K" => PerHead(block.Attention.Key.Weight),
            "W_V" => PerHead(block.Attention.Value.Weight),
            "W_O" => Transpose(block.Attention.Output.Weight),
            "b_Q" => Bias(block.Attention.Query),
            "b_K" => Bias(block.Attention.Key),
            "b_V" => Bias(block.Attention.Value),
            "b_O" => Bias(block.Attention.Output),
            "W_in" => Transpose(block.Mlp!.In.Weight),
            "W_out" => Transpose(block.Mlp!.Out.Weight),
            "b_in" => Bias(block.Mlp!.In),
            "b_out" => Bias(block.Mlp!.Out),
            _ => throw new ArgumentException($"{name} is not known", nameof(name)),
        };

        double[] PerHead(WeightMatrix matrix) =>
        [
            .. Enumerable.Range(0, matrix.Rows / config.DHead).SelectMany(head => Transpose(matrix.SliceRows(head * config.DHead, config.DHead))),
        ];
    }

    private static double[] Bias(LinearWeights linear) => linear.Bias?.Float64.ToArray() ?? new double[linear.Weight.Rows];

    private static double[] Transpose(WeightMatrix matrix)
    {
        double[] stored = matrix.Decode<double>();
        return [.. Enumerable.Range(0, stored.Length).Select(i => stored[(i % matrix.Rows * matrix.Columns) + (i / matrix.Rows)])];
    }
}
