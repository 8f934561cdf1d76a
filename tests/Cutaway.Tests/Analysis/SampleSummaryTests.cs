using Cutaway.Analysis;
using Cutaway.Tensors;

namespace Cutaway.Tests.Analysis;

/// <summary>Means over prompts with their error.</summary>
public sealed class SampleSummaryTests
{
    [Fact]
    public void A_summary_has_the_textbook_error_and_an_interval_of_about_twice_it()
    {
        double[] values = Draw(3, 400);
        SampleSummary summary = SampleSummary.Of([.. values, double.NaN], seed: 1);
        double variance = values.Select(value => Math.Pow(value - values.Average(), 2)).Sum() / 399;
        Assert.Equal((400, 1), (summary.Count, summary.Undefined));
        Assert.Equal(values.Average(), summary.Mean, 1e-14);
        Assert.Equal(Math.Sqrt(variance / 400), summary.StandardError, 1e-14);
        Assert.InRange((summary.High - summary.Mean) / summary.StandardError, 1.8, 2.1);
        Assert.InRange((summary.Mean - summary.Low) / summary.StandardError, 1.8, 2.1);
        Assert.Equal(summary, SampleSummary.Of([.. values, double.NaN], seed: 1));
        Assert.NotEqual(summary.Low, SampleSummary.Of(values, seed: 2).Low);
        Assert.Equal((0, 0), (SampleSummary.Of([2, 2, 2]).StandardError, SampleSummary.Of([2, 2, 2]).High - 2));
    }

    [Fact]
    public void One_value_or_none_claims_no_error()
    {
        Assert.Equal(new SampleSummary(1, 0, 4, double.NaN, 4, 4), SampleSummary.Of([4]));
        Assert.Equal(new SampleSummary(0, 1, double.NaN, double.NaN, double.NaN, double.NaN), SampleSummary.Of([double.NaN]));
    }

    private static double[] Draw(int seed, int count)
    {
        SeededRandom random = new((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextNormal())];
    }
}
