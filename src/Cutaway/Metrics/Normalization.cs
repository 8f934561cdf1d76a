namespace Cutaway.Metrics;

/// <summary>How a score between a clean and a corrupted run is counted.</summary>
public enum ScoreScale
{
    /// <summary>(m − m_corrupted) / (m_clean − m_corrupted): 0 as corrupted, 1 as clean.</summary>
    Denoising,

    /// <summary>(m_clean − m) / (m_clean − m_corrupted): 0 as clean, 1 as corrupted.</summary>
    Noising,

    /// <summary>(m − m_clean) / (m_clean − m_corrupted): 0 as clean, −1 as corrupted (Wang et al. 2022; Conmy et al. 2023).</summary>
    Change,
}

/// <summary>Turns a metric into a score between the clean and the corrupted prompts. Scores beyond 0 and 1 are kept as they are.</summary>
/// <param name="Clean">The metric on the clean prompts, [item].</param>
/// <param name="Corrupt">The metric on the corrupted prompts, [item].</param>
/// <param name="Scale">How the score is counted.</param>
public sealed record Normalization(IReadOnlyList<double> Clean, IReadOnlyList<double> Corrupt, ScoreScale Scale = ScoreScale.Denoising)
{
    // Metrics of the fp32 engine carry errors of about 1e-6 of their size: a quotient by less than this says nothing.
    private const double Least = 1e-5;

    /// <summary>The score of one item.</summary>
    /// <param name="item">Which pair.</param>
    /// <param name="value">The metric there.</param>
    /// <exception cref="CutawayException">The pair's own metrics do not differ.</exception>
    public double Score(int item, double value) => Of(value, Clean[item], Corrupt[item], $"pair {item}: the metric");

    /// <summary>The score of the mean metric. Pairs that hardly differ weigh little in it, which a mean of scores would not do.</summary>
    /// <param name="values">The metric of every item.</param>
    /// <exception cref="CutawayException">The mean metrics do not differ.</exception>
    public double Mean(IReadOnlyList<double> values) => Of(values.Average(), Clean.Average(), Corrupt.Average(), "the metric");

    private double Of(double value, double clean, double corrupt, string what)
    {
        double range = clean - corrupt;
        if (!(Math.Abs(range) > Least * Math.Max(1e-3, Math.Max(Math.Abs(clean), Math.Abs(corrupt)))))
        {
            throw CutawayException.Input(FormattableString.Invariant(
                $"{what} is {clean:G6} on the clean and {corrupt:G6} on the corrupted prompt: no difference to explain. Choose prompts that the model answers differently, or another metric"));
        }

        return Scale switch
        {
            ScoreScale.Denoising => (value - corrupt) / range,
            ScoreScale.Noising => (clean - value) / range,
            _ => (value - clean) / range,
        };
    }
}
