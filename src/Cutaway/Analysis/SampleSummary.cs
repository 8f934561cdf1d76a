using Cutaway.Tensors;

namespace Cutaway.Analysis;

/// <summary>What a measurement over several prompts says: its mean, and how far another draw of prompts might move it.</summary>
/// <param name="Count">Values that are numbers.</param>
/// <param name="Undefined">Values that are NaN, and left out.</param>
/// <param name="Mean">Their mean; NaN where there is none.</param>
/// <param name="StandardError">Standard deviation (n − 1) over √n; NaN for fewer than two.</param>
/// <param name="Low">Lower end of the interval that 95 % of bootstrap means fall into (Efron 1979, percentiles).</param>
/// <param name="High">Its upper end.</param>
public sealed record SampleSummary(int Count, int Undefined, double Mean, double StandardError, double Low, double High)
{
    /// <summary>Summarises values.</summary>
    /// <param name="values">One a prompt.</param>
    /// <param name="seed">Draws the bootstrap.</param>
    /// <param name="resamples">How many draws.</param>
    public static SampleSummary Of(IEnumerable<double> values, int seed = 0, int resamples = 2000)
    {
        double[] all = [.. values];
        double[] kept = [.. all.Where(value => !double.IsNaN(value))];
        int undefined = all.Length - kept.Length;
        if (kept.Length < 2)
        {
            double only = kept.Length == 1 ? kept[0] : double.NaN;
            return new(kept.Length, undefined, only, double.NaN, only, only);
        }

        double mean = kept.Average();
        double variance = kept.Sum(value => (value - mean) * (value - mean)) / (kept.Length - 1);
        SeededRandom random = new((ulong)(uint)seed);
        double[] means = new double[resamples];
        for (int r = 0; r < resamples; r++)
        {
            double sum = 0;
            for (int i = 0; i < kept.Length; i++)
            {
                sum += kept[random.Next(kept.Length)];
            }

            means[r] = sum / kept.Length;
        }

        Array.Sort(means);
        return new(kept.Length, undefined, mean, Math.Sqrt(variance / kept.Length), Quantile(means, 0.025), Quantile(means, 0.975));
    }

    /// <inheritdoc/>
    public override string ToString() => Count < 2
        ? FormattableString.Invariant($"{Mean:0.###} (n = {Count})")
        : FormattableString.Invariant($"{Mean:0.###} ± {StandardError:0.###} (n = {Count}, 95 % {Low:0.###} to {High:0.###})");

    private static double Quantile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return sorted[below] + ((place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
    }
}
