using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Techniques.Causes;
using Cutaway.Tests.Analysis;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>Comparisons of estimates with real patches: against correlations computed elsewhere, and where all must agree.</summary>
public sealed class CompareAttributionsTests
{
    [Fact]
    public void Edge_methods_correlate_with_exact_edges_as_the_golden_says()
    {
        EdgeGolden golden = new();
        AttributionComparison edges = new CompareAttributions(Edges: 100_000).Run(golden.Model, golden.Pairs, golden.Metric).Edges!;
        string[] names = ["eap", "clean_corrupted", "eap_ig_inputs_5_from_0", "eap_gp_5"];
        Assert.Equal(golden.Graph.Count, edges.Exact.Count);
        for (int i = 0; i < names.Length; i++)
        {
            double expected = golden.Numbers.Json.GetProperty("correlation_with_exact").GetProperty(names[i]).GetDouble();
            Assert.Equal(expected, edges.Methods[i].Agreement.Pearson, 1e-6);
        }
    }

    [Fact]
    public void Where_the_network_is_linear_every_estimate_is_the_truth()
    {
        // One layer, no norm and no MLP: the logits are a linear function of what heads mix.
        LanguageModel model = TestModels.Random(config => config with { Layers = 1, LayerConfigs = [config.LayerConfigs[0]], Norm = NormKind.None, DMlp = 0, GatedMlp = false });
        PairBatch pairs = PairBatch.Encode(model, new PromptPair("w1 w2 w3 w4", "w1 w5 w3 w6", "w7", "w8"), new PromptPair("w3 w2 w3 w9", "w4 w5 w3 w6", "w8", "w7"));
        CompareAttributionsFinding finding = new CompareAttributions(Edges: 0, Top: 2).Run(model, pairs, MetricChoice.LogitDifference.For(model, pairs));
        Assert.Null(finding.Edges);
        Assert.Equal(4, finding.Places.Labels.Count);
        Assert.All(finding.Places.Methods, method =>
        {
            Assert.Equal(finding.Places.Exact, method.Estimates, (a, b) => Math.Abs(a - b) < 1e-12);
            Assert.Equal(1, method.Agreement.Spearman, 1e-12);
            Assert.Equal(1, method.Agreement.TopOverlap);
        });
        Assert.Contains(finding.Places.Exact, effect => Math.Abs(effect) > 1e-2);
    }

    [Fact]
    public void Estimates_at_the_two_ends_are_those_of_attribution_patching_in_the_two_directions()
    {
        EdgeGolden golden = new();
        AttributionComparison places = new CompareAttributions(Over: PatchSite.ResidPre, Edges: 0).Run(golden.Model, golden.Pairs, golden.Metric).Places;
        AttributionPatchingFinding denoising = new AttributionPatching(Over: PatchSite.ResidPre).Run(golden.Model, golden.Pairs, golden.Metric);
        AttributionPatchingFinding noising = new AttributionPatching(Over: PatchSite.ResidPre, Direction: PatchDirection.Noising).Run(golden.Model, golden.Pairs, golden.Metric);
        Assert.Equal(denoising.Effects.SelectMany(row => row), places.Methods[0].Estimates);
        Assert.Equal(noising.Effects.SelectMany(row => row).Select(value => -value), places.Methods[1].Estimates);
        Assert.Equal(27, places.Exact.Count);
    }

    [Fact]
    public void Edges_are_drawn_by_the_seed_alone()
    {
        EdgeGolden golden = new();
        IReadOnlyList<string> drawn = Draw(1);
        Assert.Equal(15, drawn.Distinct().Count());
        Assert.Equal(drawn, Draw(1));
        Assert.NotEqual(drawn, Draw(2));

        IReadOnlyList<string> Draw(int seed) => new CompareAttributions(Edges: 15, Seed: seed).Run(golden.Model, golden.Pairs, golden.Metric).Edges!.Labels;
    }

    [Fact]
    public void Answers_summed_over_tokens_are_refused_by_what_follows_one_position()
    {
        LanguageModel model = LanguageModel.Load("wired");
        PairBatch pairs = PairBatch.Encode(model, AnswerTokens.Sum, [PromptPair.Default with { Answer = " Mary to" }]);
        Metric metric = MetricChoice.LogProbability.For(model, pairs);
        Refuses(() => new CompareAttributions().Run(model, pairs, metric));
        Refuses(() => new EdgeAttributionGradPath().Run(model, pairs, metric));
        Refuses(() => new SelfRepair().Run(model, pairs));
        Assert.NotEmpty(new CompareAttributions(Edges: 0).Run(model, pairs, metric).Places.Exact);

        static void Refuses(Action run) => Assert.Equal(FaultKind.Usage, Assert.Throws<CutawayException>(run).Kind);
    }

    [Fact]
    public void A_metric_without_a_gradient_is_refused()
    {
        CutawayException error = Assert.Throws<CutawayException>(() => new CompareAttributions(Metric: MetricChoice.Rank).Run(LanguageModel.Load("wired")));
        Assert.Contains("'rank' has no gradient", error.Message, StringComparison.Ordinal);
    }
}
