using Cutaway.Analysis;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Internals;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Tests.Models;

/// <summary>What techniques promise, on a tiny checkpoint of each decoder family: parts sum to logits and streams, steps worked out anew equal the network's, planned sweeps equal naive ones.</summary>
public sealed class FamilyTests
{
    private static readonly Prompt Text = Prompt.FromIds(3, 7, 11, 3, 5, 7, 20, 41);

    public static TheoryData<string> Families => ["gptj", "phi", "bloom", "opt", "gpt-neo", "phi3", "gpt-oss", "mixtral", "t5"];

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Direct_contributions_sum_to_the_logit(string family)
    {
        LanguageModel model = Open(family);
        AttributionFinding finding = new DirectLogitAttribution(Text, " w4", " w9").Run(model);
        Assert.Equal(finding.Logit, finding.Sum, 1e-9);
        double[] logits = model.Run(TokenBatch.Single(Text.Ids!), [], LogitScope.Last).Logits.Select("batch", 0).ToDoubles();
        Assert.Equal(logits[4] - logits[9], finding.Logit, 1e-9);
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Parts_sum_to_the_stream_and_the_lens_ends_in_the_models_own_prediction(string family)
    {
        LanguageModel model = Open(family);
        Assert.InRange(new Anatomy(Text).Run(model).SumError, 0, 1e-12);
        Run run = model.Run(TokenBatch.Single(Text.Ids!), Capture.All([.. ResidualDecomposition.Needs(model)]), LogitScope.None);
        foreach (ResidualStack stack in new[] { ResidualDecomposition.Writers(run, model.Config.Layers), ResidualDecomposition.Full(run, model.Config.Layers) })
        {
            double[] sum = [.. Enumerable.Range(0, stack.Labels.Count).Select(part => stack.Values.Select("part", part).ToDoubles()).Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)])];
            Golden.AssertClose(run[Site.ResidPost(model.Config.Layers - 1)].ToDoubles(), sum, 1e-10, "stream");
        }

        LogitLensFinding lens = new LogitLens(Text).Run(model);
        Assert.All(lens.Cells[^1], cell => Assert.InRange(cell.Kl, -1e-12, 1e-12));
        Assert.Contains(lens.Cells[0], cell => cell.Kl > 1e-3);
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Scores_patterns_and_mixes_worked_out_anew_are_the_networks(string family)
    {
        LanguageModel model = Open(family);
        for (int layer = 0; layer < model.Config.Layers; layer++)
        {
            AttentionStepFinding finding = new Cutaway.Techniques.Internals.AttentionStep(Text, new HeadName(layer, 1)).Run(model);
            Assert.InRange(Math.Max(finding.ScoreError, Math.Max(finding.PatternError, finding.ZError)), 0, 1e-12);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Planned_sweeps_over_every_place_equal_naive_ones(string family)
    {
        LanguageModel model = Open(family);
        TokenBatch prompts = TokenBatch.Single(Text.Ids!);
        Variant[] variants =
        [
            .. model.Network.Hooks.Points.Where(point => point.PositionAxis >= 0 && !point.Name.EndsWith("hook_scale", StringComparison.Ordinal)
                && !point.Name.Contains("scores", StringComparison.Ordinal) && !point.Name.Contains("router", StringComparison.Ordinal) && !point.Name.Contains("expert", StringComparison.Ordinal))
                .Select(point => new Variant(point.Name, Scale.By(new Site(point.Name).At(3), 1.5))),
        ];
        Sweep sweep = new(prompts, new LogitDifference([4], [9]), variants);
        SweepResult planned = sweep.Run(model);
        SweepResult naive = (sweep with { Naive = true }).Run(model);
        for (int i = 0; i < variants.Length; i++)
        {
            Golden.AssertClose(naive.Values[i], planned.Values[i], 1e-10, variants[i].Name);
        }

        Assert.True(planned.MultiplyAdds < sweep.Plan(model).NaiveMultiplyAdds);
        Assert.Contains(planned.Values, value => Math.Abs(value[0] - planned.Baseline[0]) > 1e-3);
    }

    private static LanguageModel Open(string family)
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Fixtures.Shared("goldens", "architectures", family));
        LanguageModel model = new(family, new TransformerNetwork(config, weights), WordTokenizer.Numbered(config.Vocabulary), DType.Float64);
        return config.Encoder is null ? model : model.Reading(Prompt.FromIds(9, 8, 77, 6, 1));
    }
}
