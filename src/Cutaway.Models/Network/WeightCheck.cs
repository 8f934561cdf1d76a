using Cutaway.Models.Formats;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>Looks for weights that are not finite: what a damaged download or a failed conversion leaves.</summary>
internal static class WeightCheck
{
    /// <summary>Reads every weight until one is not finite.</summary>
    /// <returns>Which weight, under TransformerLens's name, and what it holds where; null where all are finite.</returns>
    public static string? FindNonFinite(NetworkWeights weights)
    {
        foreach ((string name, WeightMatrix? matrix, WeightVector? vector) in Named(weights))
        {
            if ((matrix is null ? null : In(matrix)) is { } place)
            {
                return $"{name} is {place.Value} at row {place.Row}, column {place.Column} of {Quote.Shape([matrix!.Rows, matrix.Columns])}";
            }

            if (vector is not null && FirstIn(vector.Float64) is >= 0 and int index)
            {
                return FormattableString.Invariant($"{name} is {vector.Float64[index]} at index {index} of {vector.Length}");
            }
        }

        return null;
    }

    private static (string Value, int Row, int Column)? In(WeightMatrix matrix)
    {
        double[] row = new double[matrix.Columns];
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.DecodeRow<double>(r, row);
            if (FirstIn(row) is >= 0 and int column)
            {
                return (FormattableString.Invariant($"{row[column]}"), r, column);
            }
        }

        return null;
    }

    private static int FirstIn(ReadOnlySpan<double> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static List<(string Name, WeightMatrix? Matrix, WeightVector? Vector)> Named(NetworkWeights weights)
    {
        List<(string, WeightMatrix?, WeightVector?)> all = [("embed.W_E", weights.Embedding, null), ("pos_embed.W_pos", weights.Positions, null)];
        for (int layer = 0; layer < weights.Blocks.Count; layer++)
        {
            BlockWeights block = weights.Blocks[layer];
            string name = $"blocks.{layer}";
            AddNorm($"{name}.ln1", block.AttentionNorm);
            AddLinear($"{name}.attn", "Q", block.Attention.Query);
            AddLinear($"{name}.attn", "K", block.Attention.Key);
            AddLinear($"{name}.attn", "V", block.Attention.Value);
            AddLinear($"{name}.attn", "O", block.Attention.Output);
            AddNorm($"{name}.attn.q_norm", block.Attention.QueryNorm);
            AddNorm($"{name}.attn.k_norm", block.Attention.KeyNorm);
            AddNorm($"{name}.ln1_post", block.AttentionPostNorm);
            AddNorm($"{name}.ln2", block.MlpNorm);
            AddLinear($"{name}.mlp", "gate", block.Mlp?.Gate);
            AddLinear($"{name}.mlp", "in", block.Mlp?.In);
            AddLinear($"{name}.mlp", "out", block.Mlp?.Out);
            AddNorm($"{name}.ln2_post", block.MlpPostNorm);
        }

        AddNorm("ln_final", weights.FinalNorm);
        AddLinear("unembed", "U", weights.Unembedding);
        return all;

        void AddLinear(string stem, string part, LinearWeights? linear)
        {
            all.Add(($"{stem}.W_{part}", linear?.Weight, null));
            all.Add(($"{stem}.b_{part}", null, linear?.Bias));
        }

        void AddNorm(string stem, NormWeights? norm)
        {
            all.Add(($"{stem}.w", null, norm?.Weight));
            all.Add(($"{stem}.b", null, norm?.Bias));
        }
    }
}
