using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Organisms;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>Activation patching against TransformerLens, against a real model in double precision, and against a known circuit.</summary>
public sealed class ActivationPatchingTests
{
    public static TheoryData<string, string, PatchSite, PatchBy> TransformerLens()
    {
        TheoryData<string, string, PatchSite, PatchBy> data = [];
        foreach (string weights in new[] { "raw", "all_default" })
        {
            HashSet<string> stored = [.. new Golden("transformerlens", "patching_" + weights).Names];
            Add("resid_pre", PatchSite.ResidPre, PatchBy.Auto);
            Add("resid_mid", PatchSite.ResidMid, PatchBy.Auto);
            Add("attn_out", PatchSite.AttnOut, PatchBy.Auto);
            Add("mlp_out", PatchSite.MlpOut, PatchBy.Auto);
            (string, PatchSite)[] heads = [("out", PatchSite.HeadZ), ("q", PatchSite.HeadQ), ("k", PatchSite.HeadK), ("v", PatchSite.HeadV), ("pattern", PatchSite.HeadPattern)];
            foreach ((string name, PatchSite site) in heads)
            {
                Add($"attn_head_{name}_all_pos", site, PatchBy.Head);
                Add($"attn_head_{name}_by_pos", site, PatchBy.HeadPosition);
            }

            Add("attn_head_pattern_dest_src_pos", PatchSite.HeadPattern, PatchBy.Edge);

            void Add(string tensor, PatchSite site, PatchBy by)
            {
                if (stored.Contains(tensor))
                {
                    data.Add(weights, tensor, site, by);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(TransformerLens))]
    public void Every_kind_of_patch_equals_TransformerLens(string weights, string tensor, PatchSite site, PatchBy by)
    {
        Golden golden = new("transformerlens", "patching_" + weights);
        LanguageModel model = TestModels.TinyGpt2(weights == "raw" ? ProcessingSteps.None : ProcessingSteps.Defaults);
        PairBatch pairs = Pairs(model, golden);
        ActivationPatchingFinding finding = new ActivationPatching(Over: site, By: by).Run(model, pairs, new LogitDifference(pairs.Answers, pairs.Versus));
        double[] actual = [.. finding.Effects.SelectMany(row => row).Select(effect => double.IsNaN(effect) ? 0 : effect)];
        if (by == PatchBy.HeadPosition && site != PatchSite.HeadPattern)
        {
            // TransformerLens puts the position before the head.
            actual = [.. Enumerable.Range(0, actual.Length).Select(i => actual[(i / 60 * 60) + (i % 6 * 10) + (i % 60 / 6)])];
        }

        Golden.AssertClose(golden[tensor], actual, 5e-5, tensor);
        Assert.Equal(golden.Json.GetProperty("clean_logit_diff").GetDouble(), finding.CleanValue, 5e-5);
        Assert.Equal(golden.Json.GetProperty("corrupted_logit_diff").GetDouble(), finding.CorruptValue, 5e-5);
    }

    [SkippableTheory]
    [InlineData("resid_pre", PatchSite.ResidPre)]
    [InlineData("attn_out", PatchSite.AttnOut)]
    [InlineData("mlp_out", PatchSite.MlpOut)]
    [InlineData("head_z", PatchSite.HeadZ)]
    [InlineData("head_pattern", PatchSite.HeadPattern)]
    public void On_a_real_model_every_effect_equals_the_golden(string name, PatchSite site)
    {
        LanguageModel model = TestModels.SmolLm2();
        Golden golden = new("smollm2", "patching");
        ActivationPatchingFinding finding = new ActivationPatching(
            Prompt.FromIds(Golden.Ids(golden.Json.GetProperty("clean"))),
            Prompt.FromIds(Golden.Ids(golden.Json.GetProperty("corrupted"))),
            $" {golden.Json.GetProperty("answer").GetInt32()}",
            $" {golden.Json.GetProperty("wrong").GetInt32()}",
            Over: site).Run(model);
        Golden.AssertClose(golden[name], [.. finding.Effects.SelectMany(row => row)], 2e-4, name);
        Assert.Equal(golden.Json.GetProperty("logit_diff_clean").GetDouble(), finding.CleanValue, 3e-4);
        if (site == PatchSite.HeadZ)
        {
            Assert.Equal(["head 23.3", "head 29.1", "head 20.0"], finding.Ranked.Take(3).Select(entry => entry.Place));
            Assert.Equal(["head 24.4", "head 29.0"], finding.Against.Take(2).Select(entry => entry.Place));
        }
    }

    [Fact]
    public void On_the_wired_model_the_heads_that_restore_the_answer_are_those_of_its_circuit()
    {
        WiredCircuit circuit = WiredCircuit.Load();
        ActivationPatchingFinding finding = new ActivationPatching(Over: PatchSite.HeadZ).Run(LanguageModel.Load("wired"));
        string[] expected = [.. new[] { "name-mover", "s-inhibition" }.Select(role => $"head {circuit.Role(role).Node}")];
        Assert.Equal(expected, finding.Ranked.Select(entry => entry.Place));

        // On a corrupted prompt a duplicate is found elsewhere, so that the clean one restores little: more than nothing, less than is listed.
        string duplicates = circuit.Role("duplicate-token").Node;
        HeadName found = HeadName.Parse(duplicates);
        Assert.InRange(finding.Effects[found.Layer][found.Head], 1e-3, 0.01);
        Assert.Equal(1, finding.Ranked[1].Effect, 1e-3);
        Assert.Equal($"head {circuit.Role("negative-name-mover").Node}", Assert.Single(finding.Against).Place);
        Assert.True(finding.Ranked[0].Effect > 1, "what overshoots is not cut off");
        foreach (CircuitHead head in circuit.Heads.Where(head => !head.Circuits.Contains("indirect-object")))
        {
            Assert.Equal(0, finding.Effects[head.Layer][head.Head], 1e-6);
        }
    }

    [Fact]
    public void Places_without_an_effect_are_not_listed_and_where_no_place_has_one_the_headline_says_so()
    {
        LanguageModel model = LanguageModel.Load("wired");
        ActivationPatchingFinding heads = new ActivationPatching(Over: PatchSite.HeadZ, Top: 200).Run(model);
        Assert.All(heads.Ranked, entry => Assert.True(entry.Effect > 0.01, $"{entry}"));
        ActivationPatchingFinding idle = new ActivationPatching(Over: PatchSite.HeadZ, Heads: [new HeadName(2, 2)]).Run(model);
        Assert.Empty(idle.Ranked);
        Assert.StartsWith("No single place (head-z) restores any of the logit difference", idle.Headline, StringComparison.Ordinal);
        Assert.DoesNotContain(idle.Views, view => view.Title.StartsWith("Places", StringComparison.Ordinal));
        Assert.StartsWith("Patching head 2.0 (head-z) restores 1.25", heads.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void Noising_loses_what_denoising_restores_where_one_part_carries_everything()
    {
        LanguageModel model = LanguageModel.Load("wired");
        ActivationPatchingFinding finding = new ActivationPatching(Direction: PatchDirection.Noising).Run(model);
        Assert.Equal(-1, finding.Effects[0][10], 1e-3);
        Assert.Equal(-1, finding.Effects[2][14], 1e-3);
        Assert.Contains("needs is in resid-pre at 'John→Mary' (10) up to layer 1 and at 'to' (14) from layer 2", finding.Headline, StringComparison.Ordinal);
        Assert.Equal("John→Mary", finding.Labels.Columns[10].Trim());
        ActivationPatchingFinding zero = new ActivationPatching(Over: PatchSite.HeadZ, Direction: PatchDirection.Noising, Source: PatchSource.Zero).Run(model);
        AblationFinding ablation = new Ablation(Cutaway.Techniques.Reading.Explain.DefaultPrompt, " Mary", " John", AblationTargets.Heads).Run(model);
        Golden.AssertClose(
            [.. ablation.Heads.SelectMany(row => row)],
            [.. zero.Effects.SelectMany(row => row).Select(effect => effect * (zero.CleanValue - zero.CorruptValue))], 1e-4, "zero ablation");
    }

    [Fact]
    public void A_window_patches_layers_together_and_is_cut_off_at_the_ends()
    {
        LanguageModel model = LanguageModel.Load("wired");
        ActivationPatchingFinding window = new ActivationPatching(Over: PatchSite.AttnOut, Window: 3).Run(model);
        PairBatch pairs = PairBatch.Encode(model, PromptPair.Default);
        LogitDifference metric = new(pairs.Answers, pairs.Versus);
        Run clean = model.Run(pairs.Clean, Capture.All("blocks.*.hook_attn_out"));
        SweepResult together = new Sweep(pairs.Corrupt, metric, [new Variant("0 and 1", Put(0), Put(1)), new Variant("all", Put(0), Put(1), Put(2))]) { Naive = true }.Run(model);
        Assert.Equal(together.Mean(0), window.CorruptValue + (window.Effects[0][14] * (window.CleanValue - window.CorruptValue)), 1e-3);
        Assert.Equal(together.Mean(1), window.CorruptValue + (window.Effects[1][14] * (window.CleanValue - window.CorruptValue)), 1e-3);

        Replace Put(int layer) => Replace.With(Site.AttnOut(layer).At(14), clean);
    }

    [Fact]
    public void Neurons_of_a_layer_are_patched_one_by_one()
    {
        LanguageModel model = TestModels.TinyGpt2();
        Golden golden = new("transformerlens", "patching_raw");
        PairBatch pairs = Pairs(model, golden);
        LogitDifference metric = new(pairs.Answers, pairs.Versus);
        ActivationPatchingFinding finding = new ActivationPatching(Over: PatchSite.Neurons, Layers: [1]).Run(model, pairs, metric);
        Assert.Equal(model.Config.DMlp, Assert.Single(finding.Effects).Count);
        PatchEffect best = finding.Ranked[0];
        int neuron = finding.Effects[0].ToList().IndexOf(best.Effect);
        Assert.Equal($"neuron 1.{neuron}", best.Place);

        // The same by adding the neuron's output vector times what changes of it.
        Run clean = model.Run(pairs.Clean, [Capture.At(Site.MlpPost(1))]);
        double patched = new Sweep(pairs.Corrupt, metric, [new Variant("one", LocalFunction.At(Site.MlpPost(1), (vector, place) => vector[neuron] = clean[Site.MlpPost(1)][place.Sequence, place.Position, neuron]))])
            .Run(model).Mean(0);
        Assert.Equal(patched, finding.CorruptValue + (best.Effect * (finding.CleanValue - finding.CorruptValue)), 1e-4);
    }

    [Fact]
    public void Noise_depends_on_its_seed_alone_and_a_mean_takes_out_what_positions_tell()
    {
        LanguageModel model = LanguageModel.Load("wired");
        ActivationPatching noise = new(Over: PatchSite.HeadZ, Direction: PatchDirection.Noising, Source: PatchSource.Noise, Seed: 4);
        ActivationPatchingFinding first = noise.Run(model);
        Assert.Equal(first.Effects, noise.Run(model).Effects);
        Assert.NotEqual(first.Effects, (noise with { Seed = 5 }).Run(model).Effects);
        ActivationPatchingFinding none = (noise with { Noise = 0 }).Run(model);
        Assert.All(none.Effects.SelectMany(row => row), effect => Assert.Equal(0, effect));
        ActivationPatchingFinding mean = (noise with { Source = PatchSource.Mean }).Run(model);
        Assert.Equal("head 2.0", mean.Ranked[0].Place);
        Assert.True(mean.Ranked[0].Effect < -0.1 && mean.Effects[2][2] == 0, "an idle head has nothing to lose");
    }

    [Fact]
    public void Chosen_heads_are_gone_over_edge_by_edge_and_generated_pairs_are_patched_together()
    {
        LanguageModel model = LanguageModel.Load("wired");
        ActivationPatchingFinding edges = new ActivationPatching(Over: PatchSite.HeadPattern, By: PatchBy.Edge, Heads: [new HeadName(2, 0)]).Run(model);
        Assert.Equal(15, edges.Effects.Count);
        Assert.Equal(["head 2.0, 'to' (14) to 'John' (4)", "head 2.0, 'to' (14) to 'Mary' (2)"], edges.Ranked.Take(2).Select(entry => entry.Place));
        Assert.Contains(edges.Views, view => view is HeatMapView { Title: "head-pattern of head 2.0" });
        ActivationPatchingFinding pairs = new ActivationPatching(Pairs: "ioi", Count: 4, Over: PatchSite.HeadZ).Run(model);
        Assert.Equal("head 2.0", pairs.Ranked[0].Place);
        Assert.Contains("no head 7.0", Assert.Throws<CutawayException>(() => new ActivationPatching(Over: PatchSite.HeadZ, Heads: [new HeadName(7, 0)]).Run(model)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PatchSite.ResidPre, PatchBy.Head, PatchDirection.Denoising, PatchSource.Other, 1, "--by head does not split resid-pre")]
    [InlineData(PatchSite.ResidPre, PatchBy.Auto, PatchDirection.Denoising, PatchSource.Zero, 1, "--direction noising")]
    [InlineData(PatchSite.HeadPattern, PatchBy.Auto, PatchDirection.Noising, PatchSource.Noise, 1, "head-q")]
    [InlineData(PatchSite.HeadZ, PatchBy.Auto, PatchDirection.Denoising, PatchSource.Other, 3, "--window 3")]
    [InlineData(PatchSite.Neurons, PatchBy.Auto, PatchDirection.Denoising, PatchSource.Other, 1, "hook_post")]
    public void What_makes_no_sense_is_refused(PatchSite over, PatchBy by, PatchDirection direction, PatchSource source, int window, string expected)
    {
        ActivationPatching request = new(Over: over, By: by, Direction: direction, Source: source, Window: window);
        Assert.Contains(expected, Assert.Throws<CutawayException>(() => request.Run(LanguageModel.Load("wired"))).Message, StringComparison.Ordinal);
    }

    private static PairBatch Pairs(LanguageModel model, Golden golden)
    {
        long[] answers = golden.Integers("answers");
        return PairBatch.Encode(model, [.. Enumerable.Range(0, 2).Select(i => new PromptPair(
            Row("clean_tokens", i), Row("corrupted_tokens", i), Word(answers[2 * i]), Word(answers[(2 * i) + 1])))]);

        Prompt Row(string name, int i) => Prompt.FromIds([.. golden.Integers(name).Skip(i * 10).Take(10).Select(id => (int)id)]);

        string Word(long id) => model.Tokenizer.TokenText((int)id);
    }
}
