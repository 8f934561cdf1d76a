using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Tensors;

namespace Cutaway.Planning;

/// <summary>Reads a metric off the logits of a run.</summary>
internal static class MetricReader
{
    /// <summary>The metric of every item.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="logits">(batch, vocab), or (batch, pos, vocab) for a metric that reads every position.</param>
    public static double[] Read(Metric metric, Tensor logits)
    {
        int batch = logits.Shape[0];
        int vocabulary = logits.Shape[^1];
        int positions = metric.Scope == LogitScope.All ? logits.Shape[1] : 1;
        int width = metric.Columns?.Count ?? vocabulary;
        double[] values = new double[batch];
        double[] read = new double[positions * width];
        for (int item = 0; item < batch; item++)
        {
            for (int i = 0; i < read.Length; i++)
            {
                (int position, int column) = Math.DivRem(i, width);
                read[i] = logits.At((((item * positions) + position) * vocabulary) + (metric.Columns?[column] ?? column));
            }

            values[item] = metric.Value(item, read);
        }

        return values;
    }
}
