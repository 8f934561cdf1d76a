using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors;
using Cutaway.Tests.Analysis;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

public sealed class AttributionPatchingTests
{
    [Theory]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float32)]
    public void Heads_of_the_tiny_model_equal_the_golden_and_real_patches_do(DType dtype)
    {
        EdgeGolden golden = new(dtype);
        AttributionPatchingFinding finding = new AttributionPatching(Over: PatchSite.HeadZ, Direction: PatchDirection.Noising, Check: true)
            .Run(golden.Model, golden.Pairs, golden.Metric);
        golden.AssertClose("head_atp", finding.Effects.SelectMany(row => row));
        golden.AssertClose("head_exact", finding.Exact!.SelectMany(row => row));
        Assert.Equal(Correlation.Of(golden.Numbers["head_atp"], golden.Numbers["head_exact"]).Pearson, finding.Agreement!.Pearson, 1e-4);
        Assert.All(finding.Sizes.Zip(finding.Effects), rows => Assert.All(rows.First.Zip(rows.Second), cell => Assert.True(cell.First >= Math.Abs(cell.Second) - 1e-9)));
    }

    [Fact]
    public void Real_effects_stand_beside_the_estimates_where_they_were_asked_for()
    {
        EdgeGolden golden = new();
        AttributionPatchingFinding finding = new AttributionPatching(Over: PatchSite.HeadZ, Check: true).Run(golden.Model, golden.Pairs, golden.Metric);
        TableView table = finding.Views.OfType<TableView>().First();
        Assert.Equal(["place", "estimate", "share", "patched", "share patched"], table.Columns);
        Dictionary<string, double> exact = PatchEffect.Of(finding.Labels, finding.Request.By, finding.Exact!).ToDictionary(entry => entry.Place, entry => entry.Effect);
        Assert.All(table.Rows, row => Assert.Equal(exact[(string)row[0]], row[3]));
        Assert.Contains("--check", new AttributionPatching().Run(golden.Model, golden.Pairs, golden.Metric).Views.OfType<TableView>().First().Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void Queries_of_the_tiny_model_equal_the_golden()
    {
        EdgeGolden golden = new();
        golden.AssertClose("query_atp", Noising(golden, PatchSite.HeadQ, PatchBy.Head));
        double[] keys = [.. Noising(golden, PatchSite.HeadK, PatchBy.HeadPosition)];
        golden.AssertClose("key_atp", keys);
    }

    // A whole is the sum of its parts, however it is split.
    [Fact]
    public void Positions_queries_keys_and_elements_sum_to_their_layer()
    {
        EdgeGolden golden = new();
        AssertSums(PatchSite.HeadPattern, PatchBy.Head, PatchBy.HeadPosition, PatchBy.Edge, PatchBy.Layer);
        AssertSums(PatchSite.Neurons, PatchBy.Neuron, PatchBy.Position, PatchBy.Layer);

        void AssertSums(PatchSite site, params PatchBy[] ways)
        {
            double[] sums = [.. ways.Select(by => Noising(golden, site, by).Where(value => !double.IsNaN(value)).Sum())];
            Assert.All(sums, sum => Assert.Equal(sums[0], sum, 1e-9));
            Assert.NotEqual(0, sums[0], 1e-3);
        }
    }

    // Without a norm and with patterns held, a network is linear: the estimate is the effect.
    [Fact]
    public void In_a_linear_network_estimates_equal_real_patches_and_edges_equal_exact_edges()
    {
        LanguageModel model = TestModels.Random(config => TestModels.Plain(config) with { Norm = NormKind.None, DMlp = 0, LayerConfigs = [.. config.LayerConfigs.Select(layer => layer with { Rotary = null, AttentionScale = 0 })] });
        PairBatch pairs = PairBatch.Encode(model, new PromptPair(Prompt.FromIds([3, 9, 4, 7]), Prompt.FromIds([3, 8, 4, 7]), " w5", " w6"));
        LogitDifference metric = new(pairs.Answers, pairs.Versus);
        foreach (PatchSite site in new[] { PatchSite.ResidPre, PatchSite.AttnOut, PatchSite.HeadZ, PatchSite.HeadV })
        {
            foreach (PatchDirection direction in Enum.GetValues<PatchDirection>())
            {
                AttributionPatchingFinding finding = new AttributionPatching(Over: site, Direction: direction, Check: true).Run(model, pairs, metric);
                Golden.AssertClose([.. finding.Exact!.SelectMany(row => row)], [.. finding.Effects.SelectMany(row => row)], 1e-10, $"{site} {direction}");
            }
        }

        EdgeFinding edges = new EdgeAttributionPatching(Check: 1000).Run(model, pairs, metric);
        Assert.NotEmpty(edges.Checked);
        Assert.All(edges.Checked, edge => Assert.Equal(edge.Exact!.Value, edge.Score, 1e-10));
    }

    [SkippableTheory]
    [InlineData(DType.Float32, 2e-4)]
    [InlineData(DType.Float64, 2e-7)]
    public void On_smollm2_estimates_equal_the_golden(DType dtype, double tolerance)
    {
        LanguageModel model = TestModels.SmolLm2(dtype);
        Golden golden = new("smollm2", "attribution");
        PairBatch pairs = PairBatch.Encode(model, new PromptPair(
            Prompt.FromIds(Golden.Ids(golden.Json.GetProperty("clean"))), Prompt.FromIds(Golden.Ids(golden.Json.GetProperty("corrupted"))), " 5099", " 2322"));
        LogitDifference metric = new(pairs.Answers, pairs.Versus);

        // The golden's metric is the share of the difference between the prompts.
        double range = 0;
        foreach ((PatchSite site, string name) in new[] { (PatchSite.ResidPre, "hook_resid_pre"), (PatchSite.AttnOut, "hook_attn_out"), (PatchSite.MlpOut, "hook_mlp_out"), (PatchSite.HeadZ, "head_z") })
        {
            AttributionPatchingFinding finding = new AttributionPatching(Over: site).Run(model, pairs, metric);
            range = finding.CleanValue - finding.CorruptValue;
            Golden.AssertClose(golden[name], [.. finding.Effects.SelectMany(row => row.Select(effect => effect / range))], tolerance, name);
        }

        GradientRun run = model.Differentiate(pairs.Corrupt, metric, [CaptureGradient.At(Site.AllResidPre)]);
        double[] last = [.. Enumerable.Range(0, model.Config.Layers).SelectMany(layer => run.Gradient(Site.ResidPre(layer)).Select("pos", -1).ToDoubles().Select(slope => slope / range))];
        Golden.AssertClose(golden["grad_resid_pre_last"], last, tolerance, "gradient");
    }

    private static IEnumerable<double> Noising(EdgeGolden golden, PatchSite site, PatchBy by) =>
        new AttributionPatching(Over: site, By: by, Direction: PatchDirection.Noising).Run(golden.Model, golden.Pairs, golden.Metric).Effects.SelectMany(row => row);
}
