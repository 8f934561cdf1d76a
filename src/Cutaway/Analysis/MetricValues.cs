using Cutaway.Metrics;
using Cutaway.Runs;

namespace Cutaway.Analysis;

internal static class MetricValues
{
    public static double[] Of(Metric metric, Run run)
    {
        double[] values = new double[run.Tokens.Batch];
        for (int b = 0; b < values.Length; b++)
        {
            double[] logits = run.LastLogits(b);
            values[b] = metric.Value(b, metric.Columns is { } columns ? [.. columns.Select(id => logits[id])] : logits);
        }

        return values;
    }
}
