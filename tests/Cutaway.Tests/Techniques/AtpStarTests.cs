using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors;
using Cutaway.Tests.Analysis;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

public sealed class AtpStarTests
{
    [Theory]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float32)]
    public void Queries_and_keys_with_the_fix_equal_the_golden(DType dtype)
    {
        EdgeGolden golden = new(dtype);
        golden.AssertClose("query_qk_fix", Fixed(golden, PatchSite.HeadQ, PatchBy.Head));
        golden.AssertClose("key_qk_fix", Fixed(golden, PatchSite.HeadK, PatchBy.HeadPosition));
    }

    [Fact]
    public void Estimates_plain_and_fixed_and_real_patches_of_the_tiny_model_equal_the_golden()
    {
        EdgeGolden golden = new();
        AtpStarFinding finding = new AtpStar(Verify: 1000).Run(golden.Model, golden.Pairs, golden.Metric);
        AssertQueries("query_atp", part => part.Plain);
        AssertQueries("query_qk_fix", part => part.Estimate);
        AssertQueries("query_exact", part => part.Exact!.Value);

        void AssertQueries(string name, Func<AtpPart, double> number) =>
            golden.AssertClose(name, Enumerable.Range(0, 18).Select(i => number(finding.Ranking.Single(part => part.Part == $"head-q of head {i / 6}.{i % 6}"))));
    }

    [Fact]
    public void Keys_position_by_position_equal_the_golden_when_patched()
    {
        EdgeGolden golden = new();
        AtpStarFinding finding = new AtpStar(ByPosition: true, GradDrop: false, Verify: 2000).Run(golden.Model, golden.Pairs, golden.Metric);
        golden.AssertClose("key_exact", Enumerable.Range(0, 162).Select(i =>
            finding.Ranking.Single(part => part.Part == $"head-k of head {i / 54}.{i / 9 % 6}, position {i % 9}").Exact!.Value));
    }

    // The score of a part is recomputed from its definition: estimates on runs whose layer is cut out of the gradient by hand.
    [Fact]
    public void Scores_are_mean_sizes_of_estimates_with_each_layer_held()
    {
        EdgeGolden golden = new();
        AtpStarFinding finding = new AtpStar(Verify: 0).Run(golden.Model, golden.Pairs, golden.Metric);
        PatchGrid grid = PatchGrid.Of(golden.Model, PatchSite.MlpOut, PatchBy.Layer, golden.Pairs.Clean.Length);
        Run other = golden.Model.Run(golden.Pairs.Corrupt, PatchAttribution.OtherNeeds(grid), LogitScope.None);

        // From the first MLP, only what passes through layer 1 or 2 can be cut; with both held in turn two sizes are averaged.
        double[] sizes = new double[3];
        Run clean = golden.Model.Run(golden.Pairs.Clean, Capture.All("blocks.*.hook_attn_out", "blocks.*.hook_mlp_out"), LogitScope.None);
        foreach (int held in new[] { 1, 2 })
        {
            GradientRun run = golden.Model.Differentiate(
                golden.Pairs.Clean, golden.Metric,
                [Freeze.At($"blocks.{held}.hook_attn_out", clean), Freeze.At($"blocks.{held}.hook_mlp_out", clean), .. PatchAttribution.Needs(grid)]);
            sizes[held] = PatchAttribution.Effects(grid, run, other, golden.Pairs.Clean.Length).Average(item => Math.Abs(item[0][0]));
        }

        Assert.NotEqual(sizes[1], sizes[2], 1e-3);
        Assert.Equal((sizes[1] + sizes[2]) / 2, finding.Ranking.Single(part => part.Part == "mlp-out of layer 0").Score, 1e-9);
    }

    [Fact]
    public void Halves_of_the_parts_left_out_bound_the_largest_effect_among_them()
    {
        EdgeGolden golden = new();
        AtpStarFinding finding = new AtpStar(Verify: 60, Subsets: 40).Run(golden.Model, golden.Pairs, golden.Metric);
        AtpStarFinding all = new AtpStar(Verify: 1000).Run(golden.Model, golden.Pairs, golden.Metric);
        double largest = all.Ranking.Skip(60).Max(part => Math.Abs(part.Exact!.Value));
        Assert.True(finding.MissedBound >= largest, $"{finding.MissedBound} is no bound of {largest}");
        Assert.Equal(finding.MissedBound, new AtpStar(Verify: 60, Subsets: 40).Run(golden.Model, golden.Pairs, golden.Metric).MissedBound);
        Assert.Throws<CutawayException>(() => new AtpStar(Subsets: 5).Run(golden.Model, golden.Pairs, golden.Metric));
    }

    // Only the softmax is taken as it is; where everything after the pattern is linear, the fixed estimate of queries is exact.
    [Fact]
    public void On_grouped_and_rotated_heads_the_fix_is_exact_where_the_rest_is_linear()
    {
        LanguageModel model = TestModels.Random(config => config with { Norm = NormKind.None, DMlp = 0, GatedMlp = false, Layers = 1, LayerConfigs = [config.LayerConfigs[0]] });
        PairBatch pairs = PairBatch.Encode(model, new PromptPair(Prompt.FromIds([3, 9, 4, 7]), Prompt.FromIds([3, 8, 4, 2]), " w5", " w6"));
        AtpStarFinding finding = new AtpStar(Verify: 1000).Run(model, pairs, new LogitDifference(pairs.Answers, pairs.Versus));
        AtpPart[] parts = [.. finding.Ranking.Where(part => part.Part.StartsWith("head-q", StringComparison.Ordinal) || part.Part.StartsWith("head-k", StringComparison.Ordinal))];
        Assert.Equal(4 + 2, parts.Length);
        Assert.All(parts, part => Assert.Equal(part.Exact!.Value, part.Estimate, 1e-10));
        Assert.Contains(parts, part => Math.Abs(part.Plain - part.Exact!.Value) > 1e-3);
    }

    private static IEnumerable<double> Fixed(EdgeGolden golden, PatchSite site, PatchBy by)
    {
        PatchGrid grid = PatchGrid.Of(golden.Model, site, by, golden.Pairs.Clean.Length);
        Run other = golden.Model.Run(golden.Pairs.Corrupt, QkFix.OtherNeeds(golden.Model), LogitScope.None);
        GradientRun run = golden.Model.Differentiate(golden.Pairs.Clean, golden.Metric, QkFix.Needs(golden.Model));
        double[][][] effects = QkFix.Effects(grid, run, other, golden.Pairs.Clean.Length);
        return effects[0].SelectMany((row, r) => row.Select((_, c) => effects.Average(item => item[r][c])));
    }
}
