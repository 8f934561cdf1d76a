using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques.Causes;

public sealed class SelfRepairTests
{
    [Fact]
    public void Total_direct_and_the_norms_share_of_every_head_equal_the_golden()
    {
        EdgePairs golden = new();
        SelfRepairFinding finding = new SelfRepair(Ablation: RepairAblation.Roll).Run(golden.Model, golden.Pairs);
        double[] rescaled = RescaledBiases(golden);
        double[] actual = [.. finding.Heads.SelectMany((head, i) => new[] { head.Total, head.Direct, head.Norms - rescaled[i] })];
        Golden.AssertClose(golden.Values["self_repair"], actual, 2e-6, "self-repair");
    }

    [Theory]
    [InlineData(RepairAblation.Corrupt, false)]
    [InlineData(RepairAblation.Mean, false)]
    [InlineData(RepairAblation.Zero, true)]
    public void The_parts_sum_to_the_change_of_the_logits(RepairAblation ablation, bool postNorms)
    {
        LanguageModel model = TestModels.Random(config => config with { NormPlacement = postNorms ? NormPlacement.BeforeAndAfter : NormPlacement.Before });
        PairBatch pairs = PairBatch.Encode(model, new PromptPair(Cutaway.Prompt.FromIds([3, 7, 11, 5]), Cutaway.Prompt.FromIds([3, 17, 11, 5]), " w1", " w2"));
        SelfRepairFinding finding = new SelfRepair(Ablation: ablation, Against: LogitReference.Versus).Run(model, pairs);
        Run other = model.Run(ablation == RepairAblation.Corrupt ? pairs.Corrupt : pairs.Clean, Capture.All(Site.AllZ));
        double clean = Difference([]);
        Assert.Equal(clean, finding.Clean, 1e-10);
        foreach (HeadRepair head in finding.Heads)
        {
            Site site = Site.Z(head.Layer, head.Head);
            Intervention change = ablation switch
            {
                RepairAblation.Corrupt => Replace.With(site, other),
                RepairAblation.Mean => Ablate.Mean(Site.Z(head.Layer), other) with { Site = site },
                _ => Ablate.Zero(site),
            };
            Assert.Equal(Difference([change]) - clean, head.Total, 1e-10);
            Assert.Equal(head.Repair, head.LaterHeads + head.Mlps + head.Norms, 1e-12);
        }

        double Difference(PlanItem[] plan)
        {
            double[] logits = model.Run(pairs.Clean, plan, LogitScope.Last).LastLogits();
            return logits[1] - logits[2];
        }
    }

    [Fact]
    public void Without_norms_the_last_layer_repairs_nothing()
    {
        LanguageModel model = TestModels.Random(config => config with { Norm = NormKind.None, DMlp = 0 });
        PairBatch pairs = PairBatch.Encode(model, new PromptPair(Cutaway.Prompt.FromIds([3, 7, 11, 5]), Cutaway.Prompt.FromIds([3, 17, 11, 5]), " w1", " w2"));
        SelfRepairFinding finding = new SelfRepair(Ablation: RepairAblation.Zero).Run(model, pairs);
        Assert.All(finding.Heads.Where(head => head.Layer == 1), head => Assert.Equal((0, 0, true), (Math.Round(head.Repair, 10), head.LaterHeads, Math.Abs(head.Direct) > 1e-3)));
        Assert.Contains(finding.Heads, head => head.Layer == 0 && Math.Abs(head.LaterHeads) > 1e-3);
    }

    [Fact]
    public void On_wired_nothing_makes_up_for_the_name_mover()
    {
        SelfRepairFinding finding = new SelfRepair(Against: LogitReference.Versus).Run(LanguageModel.Load("wired"));
        Assert.Equal("2.0", finding.Ranked[0].Name);
        Assert.EndsWith("nothing makes up for it", finding.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void Rolling_one_pair_is_refused() => Assert.Contains(
        "there is one pair only",
        Assert.Throws<CutawayException>(() => new SelfRepair(Ablation: RepairAblation.Roll).Run(LanguageModel.Load("wired"))).Message,
        StringComparison.Ordinal);

    // The golden's sum over components leaves the output biases of attention out; what the norm's new scale does to them is the
    // difference between its two ways to write the norm's share. Here: everything, so that the parts sum to the whole.
    private static double[] RescaledBiases(EdgePairs golden)
    {
        LanguageModel model = golden.Model;
        Run clean = model.Run(golden.Pairs.Clean, Capture.All(Site.AllZ, "ln_final.hook_scale"));
        List<double> rescaled = [];
        for (int layer = 0; layer < model.Config.Layers; layer++)
        {
            double[] z = clean[Site.Z(layer)].ToDoubles();
            Tensor rolled = Tensor.Of([.. z[^(z.Length / 3)..], .. z[..^(z.Length / 3)]], [.. clean[Site.Z(layer)].Shape]);
            for (int head = 0; head < model.Config.Heads; head++)
            {
                Run ablated = model.Run(golden.Pairs.Clean, [Replace.With(Site.Z(layer, head), rolled), Capture.At("ln_final.hook_scale")]);
                rescaled.Add(Enumerable.Range(0, 3).Average(item =>
                    Biases(item) * ((1 / ablated["ln_final.hook_scale"][item, -1, 0]) - (1 / clean["ln_final.hook_scale"][item, -1, 0]))));
            }
        }

        return [.. rescaled];

        double Biases(int item)
        {
            NetworkWeights weights = model.Network.Weights;
            double[] sum = new double[model.Config.DModel];
            foreach (BlockWeights block in weights.Blocks)
            {
                sum = [.. sum.Zip(block.Attention.Output.Bias!.Float64.ToArray(), (a, b) => a + b)];
            }

            double[] passed = [.. sum.Select((value, i) => (value - sum.Average()) * weights.FinalNorm!.Weight!.Float64[i])];
            double[] logits = [.. Enumerable.Range(0, model.Config.Vocabulary).Select(token =>
            {
                double[] row = new double[passed.Length];
                weights.Unembedding.Weight.DecodeRow<double>(token, row);
                return row.Zip(passed, (a, b) => a * b).Sum();
            })];
            return logits[golden.Pairs.Answers[item]] - logits.Average();
        }
    }
}
