using Cutaway.Analysis;
using Cutaway.Interventions;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Reading;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

public sealed class HeadDetectorTests
{
    private static readonly Golden TransformerLens = new("transformerlens", "head_detector");

    private static readonly int[] Tokens = Golden.Ids(TransformerLens.Json.GetProperty("tokens"));

    [Theory]
    [InlineData(HeadPattern.PreviousToken, "previous_token_head")]
    [InlineData(HeadPattern.DuplicateToken, "duplicate_token_head")]
    [InlineData(HeadPattern.Induction, "induction_head")]
    public void Scores_equal_TransformerLens_with_every_option(HeadPattern pattern, string name)
    {
        LanguageModel model = TestModels.TinyGpt2();
        foreach (bool excludeBos in new[] { false, true })
        {
            foreach (bool excludeCurrent in new[] { false, true })
            {
                foreach (PatternMeasure measure in new[] { PatternMeasure.Mul, PatternMeasure.Abs })
                {
                    HeadDetectorFinding finding = new HeadDetector(
                        Prompt.FromIds(Tokens), [pattern], Measure: measure, ExcludeBos: excludeBos, ExcludeCurrentToken: excludeCurrent).Run(model);
                    string key = $"{name}.{(measure == PatternMeasure.Mul ? "mul" : "abs")}.exclude_bos{(excludeBos ? 1 : 0)}.exclude_current{(excludeCurrent ? 1 : 0)}";
                    double tolerance = measure == PatternMeasure.Abs ? 1e-3 : 2e-6;
                    Golden.AssertClose(TransformerLens[key], [.. finding.Patterns[0].Scores.SelectMany(row => row)], tolerance, key);
                }
            }
        }
    }

    [Fact]
    public void Patterns_looked_for_equal_TransformerLens()
    {
        Golden.AssertClose(TransformerLens["detection_pattern.previous_token_head"], Flat(HeadPatterns.PreviousToken(15)), 0, "previous");
        Golden.AssertClose(TransformerLens["detection_pattern.duplicate_token_head"], Flat(HeadPatterns.DuplicateToken(Tokens)), 0, "duplicate");
        Golden.AssertClose(TransformerLens["detection_pattern.induction_head"], Flat(HeadPatterns.Induction(Tokens)), 0, "induction");
    }

    [Fact]
    public void A_pattern_file_and_an_offset_score_like_the_built_in_pattern_they_spell_out()
    {
        LanguageModel model = TestModels.TinyGpt2();
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllLines(path, HeadPatterns.PreviousToken(Tokens.Length).Select(row => string.Join(", ", row)));
        try
        {
            HeadDetectorFinding finding = new HeadDetector(Prompt.FromIds(Tokens), [HeadPattern.PreviousToken], Offset: 1, PatternFile: path).Run(model);
            Assert.Equal(3, finding.Patterns.Count);
            Assert.Equal(Flat(finding.Patterns[0].Scores), Flat(finding.Patterns[1].Scores));
            Assert.Equal(Flat(finding.Patterns[0].Scores), Flat(finding.Patterns[2].Scores));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("1 0\n1 x", "line 2: 'x' is not a number")]
    [InlineData("1 0 0\n1 0 0", "2 rows")]
    [InlineData("1 1\n1 0", "row 0, column 1")]
    public void A_pattern_file_that_does_not_fit_is_refused(string text, string message)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(path, text);
        try
        {
            CutawayException error = Assert.Throws<CutawayException>(
                () => new HeadDetector(Prompt.FromIds(1, 2), PatternFile: path).Run(TestModels.TinyGpt2()));
            Assert.Equal(FaultKind.Input, error.Kind);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_text_without_repetition_has_no_duplicate_heads_rather_than_zeros()
    {
        HeadDetectorFinding finding = new HeadDetector(Prompt.FromIds(1, 2, 3)).Run(TestModels.TinyGpt2());
        Assert.All(Flat(finding.Patterns[1].Scores), score => Assert.True(double.IsNaN(score)));
        Assert.Contains("duplicate-token: none", finding.Headline, StringComparison.Ordinal);
        Assert.All(Flat(finding.Patterns[0].Scores), score => Assert.InRange(score, 0, 1));
    }

    [Fact]
    public void Random_tokens_are_distinct_within_a_half_repeated_and_the_same_for_a_seed()
    {
        LanguageModel model = TestModels.TinyGpt2();
        (TokenBatch tokens, int half) = RepeatedTokens.Draw(model, 3, 25, seed: 4);
        Assert.Equal(25, half);
        for (int b = 0; b < 3; b++)
        {
            int[] row = tokens.Row(b).ToArray();
            Assert.Equal(row[..25], row[25..]);
            Assert.Equal(25, row[..25].Distinct().Count());
        }

        Assert.Equal(tokens.Ids.ToArray(), RepeatedTokens.Draw(model, 3, 25, seed: 4).Tokens.Ids.ToArray());
        Assert.NotEqual(tokens.Ids.ToArray(), RepeatedTokens.Draw(model, 3, 25, seed: 5).Tokens.Ids.ToArray());
    }

    [Fact]
    public void Mean_scores_are_the_mean_attention_on_one_diagonal()
    {
        LanguageModel model = TestModels.TinyGpt2();
        (TokenBatch tokens, int half) = RepeatedTokens.Draw(model, 2, 10, seed: 1);
        HeadDetectorFinding finding = new HeadDetector().Detect(model, tokens, half, default);
        Run run = model.Run(tokens, Capture.All(Site.AllPatterns));
        double sum = 0;
        for (int b = 0; b < 2; b++)
        {
            for (int q = half; q < 2 * half; q++)
            {
                sum += run[Site.Pattern(2)][b, 4, q, q - half + 1];
            }
        }

        Assert.Equal(sum / (2 * half), finding.Patterns[2].Scores[2][4], 1e-12);
    }

    private static double[] Flat(IReadOnlyList<IReadOnlyList<double>> rows) => [.. rows.SelectMany(row => row)];
}
