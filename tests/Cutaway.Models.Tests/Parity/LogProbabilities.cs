namespace Cutaway.Models.Parity;

/// <summary>Log-softmax, written out plainly and in double precision: what processing must leave alone.</summary>
internal static class LogProbabilities
{
    /// <summary>x - log Σ exp x over each run of <paramref name="width"/> values.</summary>
    public static double[] Of(ReadOnlySpan<double> logits, long width)
    {
        double[] result = new double[logits.Length];
        for (int start = 0; start < logits.Length; start += (int)width)
        {
            ReadOnlySpan<double> row = logits.Slice(start, (int)width);
            double largest = double.NegativeInfinity;
            foreach (double value in row)
            {
                largest = Math.Max(largest, value);
            }

            double sum = 0;
            foreach (double value in row)
            {
                sum += Math.Exp(value - largest);
            }

            for (int i = 0; i < row.Length; i++)
            {
                result[start + i] = row[i] - largest - Math.Log(sum);
            }
        }

        return result;
    }
}
