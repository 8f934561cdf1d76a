using Cutaway.Models.Network;

namespace Cutaway.Organisms;

/// <summary>Finds the edges of an attention-only network without norms in its weights: where the product of what one node writes and what another reads is not zero (Elhage et al. 2021).</summary>
internal static class WiredWeights
{
    /// <summary>Edges as "from to via".</summary>
    public static IEnumerable<string> Edges(NetworkWeights weights, NetworkConfig config)
    {
        // Rows of a writer span what it can write; columns of a reader what it can read.
        List<(string Name, int Layer, double[][] Rows)> writers =
        [
            ("embed", -1, Rows(weights.Embedding.Decode<double>(), config.DModel)),
            ("pos_embed", -1, Rows(weights.Positions!.Decode<double>(), config.DModel)),
        ];
        List<(string Name, int Layer, string Via, double[][] Rows)> readers = [("logits", config.Layers, "", Rows(weights.Unembedding.Weight.Decode<double>(), config.DModel))];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            AttentionWeights attention = weights.Blocks[layer].Attention;
            double[][] output = Rows(attention.Output.Weight.Decode<double>(), config.Heads * config.DHead);
            for (int head = 0; head < config.Heads; head++)
            {
                int first = head * config.DHead;
                writers.Add(($"{layer}.{head}", layer, [.. Enumerable.Range(first, config.DHead).Select(column => Array.ConvertAll(output, row => row[column]))]));
                readers.Add(($"{layer}.{head}", layer, "q", Rows(attention.Query.Weight.Decode<double>(), config.DModel)[first..(first + config.DHead)]));
                readers.Add(($"{layer}.{head}", layer, "k", Rows(attention.Key.Weight.Decode<double>(), config.DModel)[first..(first + config.DHead)]));
                readers.Add(($"{layer}.{head}", layer, "v", Rows(attention.Value.Weight.Decode<double>(), config.DModel)[first..(first + config.DHead)]));
            }
        }

        return from writer in writers
               from reader in readers
               where writer.Layer < reader.Layer && writer.Rows.Any(written => reader.Rows.Any(read => written.Zip(read, (a, b) => a * b).Any(product => product != 0)))
               select $"{writer.Name} {reader.Name} {reader.Via}";
    }

    private static double[][] Rows(double[] values, int width) => [.. values.Chunk(width)];
}
