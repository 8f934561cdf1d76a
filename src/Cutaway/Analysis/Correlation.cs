namespace Cutaway.Analysis;

/// <summary>How well one set of numbers stands for another.</summary>
/// <param name="Pearson">Linear correlation; NaN where one side is constant.</param>
/// <param name="Spearman">Correlation of ranks; ties share their mean rank.</param>
/// <param name="SignAgreement">The share of places whose signs agree, among those that are not zero on both sides.</param>
/// <param name="TopOverlap">The share of the largest numbers (by size) of the second set that are among the largest of the first.</param>
/// <param name="Top">How many the largest are.</param>
public sealed record Correlation(double Pearson, double Spearman, double SignAgreement, double TopOverlap, int Top)
{
    /// <summary>Compares two sets, place by place; places that are NaN in either are left out.</summary>
    /// <param name="estimates">The numbers on trial.</param>
    /// <param name="truth">The numbers they stand for.</param>
    /// <param name="top">How many of the largest are compared.</param>
    public static Correlation Of(IEnumerable<double> estimates, IEnumerable<double> truth, int top = 10)
    {
        (double X, double Y)[] pairs = [.. estimates.Zip(truth).Where(pair => !double.IsNaN(pair.First) && !double.IsNaN(pair.Second))];
        double[] x = [.. pairs.Select(pair => pair.X)];
        double[] y = [.. pairs.Select(pair => pair.Y)];
        (double X, double Y)[] told = [.. pairs.Where(pair => pair is not (0, 0))];
        top = Math.Min(top, pairs.Length);
        return new Correlation(
            PearsonOf(x, y),
            PearsonOf(Ranks(x), Ranks(y)),
            told.Length == 0 ? double.NaN : told.Count(pair => Math.Sign(pair.X) == Math.Sign(pair.Y)) / (double)told.Length,
            top == 0 ? double.NaN : Largest(x, top).Intersect(Largest(y, top)).Count() / (double)top,
            top);
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"Pearson {Pearson:0.000}, Spearman {Spearman:0.000}, same sign {SignAgreement:0%}, {TopOverlap * Top:0} of the {Top} largest in common");

    private static double PearsonOf(double[] x, double[] y)
    {
        double meanX = x.Length == 0 ? 0 : x.Average();
        double meanY = y.Length == 0 ? 0 : y.Average();
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (int i = 0; i < x.Length; i++)
        {
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
            xy += (x[i] - meanX) * (y[i] - meanY);
        }

        return xy / Math.Sqrt(xx * yy);
    }

    private static double[] Ranks(double[] values)
    {
        int[] order = [.. Enumerable.Range(0, values.Length).OrderBy(i => values[i])];
        double[] ranks = new double[values.Length];
        for (int start = 0; start < order.Length;)
        {
            int end = start + 1;
            while (end < order.Length && values[order[end]] == values[order[start]])
            {
                end++;
            }

            for (int i = start; i < end; i++)
            {
                ranks[order[i]] = (start + end - 1) / 2.0;
            }

            start = end;
        }

        return ranks;
    }

    private static IEnumerable<int> Largest(double[] values, int count) =>
        Enumerable.Range(0, values.Length).OrderByDescending(i => Math.Abs(values[i])).Take(count);
}
