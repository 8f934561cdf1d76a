using Cutaway.Metrics;

namespace Cutaway.Tests.Metrics;

/// <summary>Scores between a clean and a corrupted run.</summary>
public sealed class NormalizationTests
{
    [Theory]
    [InlineData(ScoreScale.Denoising, 1, 0, 1.5)]
    [InlineData(ScoreScale.Noising, 0, 1, -0.5)]
    [InlineData(ScoreScale.Change, 0, -1, 0.5)]
    public void Ends_are_where_the_convention_puts_them_and_values_beyond_are_kept(ScoreScale scale, double clean, double corrupt, double beyond)
    {
        Normalization scores = new([4, 2], [-2, 1], scale);
        Assert.Equal(clean, scores.Score(0, 4), 1e-15);
        Assert.Equal(corrupt, scores.Score(0, -2), 1e-15);
        Assert.Equal(beyond, scores.Score(0, 7), 1e-15);
        Assert.Equal(clean, scores.Mean([4, 2]), 1e-15);
        Assert.Equal(corrupt, scores.Mean([-2, 1]), 1e-15);
    }

    [Fact]
    public void A_difference_near_zero_is_refused_with_both_values()
    {
        Normalization scores = new([3.25, 1], [3.250001, 0]);
        CutawayException error = Assert.Throws<CutawayException>(() => scores.Score(0, 3));
        Assert.Contains("pair 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("3.25 on the clean and 3.25 on the corrupted", error.Message, StringComparison.Ordinal);
        Assert.Equal(0.5, scores.Score(1, 0.5));
        Assert.Throws<CutawayException>(() => new Normalization([double.NaN], [0]).Mean([0]));
        Assert.Throws<CutawayException>(() => new Normalization([0], [0]).Mean([0]));

        // Small values are no fault: probabilities of rare tokens differ by little, and yet by much of themselves.
        Assert.Equal(0.5, new Normalization([3e-5], [1e-5]).Mean([2e-5]), 1e-12);
    }
}
