using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Organisms;

/// <summary>
/// Finds the edges of an attention-only network without norms in its weights: wherever one node writes a coordinate of the
/// residual stream that another reads.
/// </summary>
internal static class WiredWeights
{
    /// <summary>Edges as "from to via".</summary>
    public static IEnumerable<string> Edges(NetworkWeights weights, NetworkConfig config)
    {
        List<(string Name, int Layer, HashSet<int> Coordinates)> writers =
        [
            ("embed", -1, Columns(weights.Embedding, 0, config.Vocabulary)),
            ("pos_embed", -1, Columns(weights.Positions!, 0, config.Context)),
        ];
        List<(string Name, int Layer, string Via, HashSet<int> Coordinates)> readers = [("logits", config.Layers, "", Columns(weights.Unembedding.Weight, 0, config.Vocabulary))];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            AttentionWeights attention = weights.Blocks[layer].Attention;
            for (int head = 0; head < config.Heads; head++)
            {
                (string name, int first) = ($"{layer}.{head}", head * config.DHead);
                writers.Add((name, layer, Rows(attention.Output.Weight, first, config.DHead)));
                readers.Add((name, layer, "q", Columns(attention.Query.Weight, first, config.DHead)));
                readers.Add((name, layer, "k", Columns(attention.Key.Weight, first, config.DHead)));
                readers.Add((name, layer, "v", Columns(attention.Value.Weight, first, config.DHead)));
            }
        }

        return from writer in writers
               from reader in readers
               where writer.Layer < reader.Layer && writer.Coordinates.Overlaps(reader.Coordinates)
               select $"{writer.Name} {reader.Name} {reader.Via}";
    }

    /// <summary>Columns that are not zero in some of the given rows.</summary>
    private static HashSet<int> Columns(WeightMatrix matrix, int firstRow, int rows)
    {
        double[] values = matrix.Decode<double>();
        return [.. Enumerable.Range(0, matrix.Columns).Where(column => Enumerable.Range(firstRow, rows).Any(row => values[(row * matrix.Columns) + column] != 0))];
    }

    /// <summary>Rows that are not zero in some of the given columns.</summary>
    private static HashSet<int> Rows(WeightMatrix matrix, int firstColumn, int columns)
    {
        double[] values = matrix.Decode<double>();
        return [.. Enumerable.Range(0, matrix.Rows).Where(row => values.AsSpan((row * matrix.Columns) + firstColumn, columns).ContainsAnyExcept(0.0))];
    }
}
