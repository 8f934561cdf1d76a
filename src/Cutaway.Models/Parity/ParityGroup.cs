namespace Cutaway.Models.Parity;

/// <summary>A group of reference tensors: one run, or one way of running.</summary>
/// <param name="Name">Its name in the golden: <c>plain</c>, <c>padded</c>, <c>padded_right</c>, <c>greedy</c>, <c>float64</c>, <c>grad</c>; <c>output</c> for encoders.</param>
/// <param name="Comparisons">Its tensors in the order in which they are computed.</param>
public sealed record ParityGroup(string Name, IReadOnlyList<Comparison> Comparisons)
{
    /// <summary>The largest distance in tolerances.</summary>
    public double Worst => Comparisons.Count == 0 ? 0 : Comparisons.Max(comparison => comparison.Worst);

    /// <summary>The first tensor that differs: what comes after it may differ because of it.</summary>
    public Comparison? First => Comparisons.FirstOrDefault(comparison => comparison.Fault is not null);
}
