using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;
using Cutaway.Techniques.Internals;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors.Kernels;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

public sealed class InternalsTests
{
    private static readonly Prompt Text = Prompt.FromIds(3, 7, 11, 3, 5, 7);

    [Theory]
    [InlineData(BlockKind.Sequential)]
    [InlineData(BlockKind.Parallel)]
    public void Anatomy_counts_every_parameter_and_the_parts_sum_to_the_stream(BlockKind block)
    {
        LanguageModel model = TestModels.Random(config => TestModels.Plain(config) with { Block = block });
        AnatomyFinding finding = new Anatomy(Text).Run(model);
        Assert.InRange(finding.SumError, 0, 1e-12);
        int attention = 2 * ((4 * 16 * 12) + (3 * 16) + 12);
        int mlps = 2 * ((20 * 12) + 20 + (12 * 20) + 12);
        int norms = 5 * 24;
        Assert.Equal((29 * 12) + (32 * 12) + attention + mlps + norms + (29 * 12) + 29, finding.Parameters.Sum(count => count.Count));
    }

    [Fact]
    public void Anatomy_says_what_the_keys_and_values_of_a_full_context_take()
    {
        LanguageModel model = TestModels.Random(config => config with { Context = 10_000, LayerConfigs = [config.LayerConfigs[0] with { Window = 80 }, config.LayerConfigs[1]] });
        TableView shape = new Anatomy(Text).Run(model).Views.OfType<TableView>().First(view => view.Title == "Shape");

        // Two key heads of 4, keys and values, 4 bytes each: 10,000 positions and a window of 80 with its eighth.
        Assert.Equal("0.646 MB at 10000 positions", shape.Rows.Single(row => (string)row[0] == "key/value cache")[1]);
        Assert.Equal("80 positions in 1 of 2 layers", shape.Rows.Single(row => (string)row[0] == "window")[1]);
    }

    [Theory]
    [InlineData(NormKind.Layer)]
    [InlineData(NormKind.Rms)]
    public void Folding_the_norms_changes_nothing_and_a_frozen_scale_makes_removal_linear(NormKind norm)
    {
        LanguageModel model = TestModels.Random(config => norm == NormKind.Layer ? TestModels.Plain(config) : config);
        NormalizationFinding finding = new NormalizationStudy(Text).Run(model);
        Assert.InRange(finding.LogProbabilityChange, 0, 1e-12);
        Assert.Equal(norm == NormKind.Layer ? ["fold_ln", "center_writing_weights"] : ["fold_ln"], finding.Applied);

        // With the final scale held, the last MLP's removal takes away exactly its direct part and its bias.
        AttributionFinding direct = new DirectLogitAttribution(Text).Run(model);
        Run run = model.Run(TokenBatch.Single(Text.Ids!), Capture.All([.. DirectPath.Needs(model)]), LogitScope.Last);
        DirectPath path = DirectPath.To(run, -1, Reductions.ArgMax<double>(run.LastLogits()));
        Assert.Equal(-direct.Mlps[1] - path.MlpBias(1), finding.Frozen[1].Frozen, 1e-9);
        Assert.NotEqual(finding.Frozen[1].Free, finding.Frozen[1].Frozen, 1e-6);
    }

    [Fact]
    public void A_memory_writes_its_activation_times_its_value()
    {
        LanguageModel model = TestModels.Random();
        MlpMemoryFinding finding = new MlpMemory(Text, Neurons: 40, Top: 29).Run(model);
        Assert.Equal(40, finding.Memories.Count);
        Assert.Equal(finding.Memories.Select(memory => memory.Strength).OrderDescending(), finding.Memories.Select(memory => memory.Strength));
        NeuronMemory first = finding.Memories[0];

        // What removing one neuron takes from the last block's stream is its activation times its value.
        Site site = Site.MlpOut(first.Layer);
        Run clean = model.Run(Text, Capture.All(site));
        Run without = model.Run(Text, [LocalFunction.At(Site.MlpPost(first.Layer).At(-1), (vector, _) => vector[first.Neuron] = 0), Capture.At(site)]);
        double[] written = [.. Enumerable.Range(0, 12).Select(i => clean[site][0, 5, i] - without[site][0, 5, i])];
        Assert.Equal(first.Strength, Math.Sqrt(written.Sum(x => x * x)), 1e-12);
        double[] promoted = VocabularyReader.Logits(model, written);
        int[] order = Reductions.TopK<double>(promoted, 29);
        Assert.Equal(order, first.Value.Select(token => token.Id));
    }

    [Fact]
    public void Ablation_by_the_mean_is_a_run_with_the_mean_in_place()
    {
        LanguageModel model = TestModels.Random();
        AblationFinding finding = new Ablation(Text, " w4", " w9", AblationTargets.Heads, AblationMode.Mean).Run(model);
        Run clean = model.Run(Text, Capture.All(Site.Z(1)));
        double[] mean = [.. Enumerable.Range(0, 4).Select(i => Enumerable.Range(0, 6).Average(pos => clean[Site.Z(1)][0, pos, 2, i]))];
        double[] logits = model.Run(Text, new Replace { Site = Site.Z(1, 2), Values = Tensors.Tensor.Vector(mean) }).LastLogits();
        double[] plain = clean.LastLogits();
        Assert.Equal(logits[4] - logits[9] - (plain[4] - plain[9]), finding.Heads[1][2], 1e-12);
        Assert.Empty(finding.Mlps);
    }

    [Fact]
    public void Ablation_by_resampling_is_a_run_with_the_reference_in_place()
    {
        LanguageModel model = TestModels.Random();
        Prompt other = Prompt.FromIds(1, 2, 3, 4, 5, 6);
        AblationFinding finding = new Ablation(Text, " w4", Mode: AblationMode.Resample, Reference: other).Run(model);
        Run reference = model.Run(other, Capture.All(Site.AllZ, Site.MlpOut(0)));
        double plain = model.Run(Text).LastLogits()[4];
        Assert.Equal(model.Run(Text, Replace.With(Site.Z(0, 3), reference)).LastLogits()[4] - plain, finding.Heads[0][3], 1e-12);
        Assert.Equal(model.Run(Text, Replace.With(Site.MlpOut(0), reference)).LastLogits()[4] - plain, finding.Mlps[0], 1e-12);
        Assert.Contains("give it with --reference", Assert.Throws<CutawayException>(() => new Ablation(Text, Mode: AblationMode.Resample).Run(model)).Message, StringComparison.Ordinal);
        CutawayException error = Assert.Throws<CutawayException>(() => new Ablation(Text, Mode: AblationMode.Resample, Reference: Prompt.FromIds(1, 2)).Run(model));
        Assert.Contains("the reference has 2 tokens and the prompt 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steering_adds_the_difference_of_the_last_states_in_every_step()
    {
        LanguageModel model = TestModels.Random();
        SteeringFinding finding = new Steering(Text, ["w1 w2"], ["w1 w3"], Layer: 1, Strength: 3, MaxTokens: 6).Run(model);
        Run toward = model.Run("w1 w2", Capture.All(Site.ResidPre(1)));
        Run away = model.Run("w1 w3", Capture.All(Site.ResidPre(1)));
        Golden.AssertClose([.. Enumerable.Range(0, 12).Select(i => toward[Site.ResidPre(1)][0, 1, i] - away[Site.ResidPre(1)][0, 1, i])], finding.Vector, 1e-12, "vector");

        // Without the cache: every step is a run of the whole text so far.
        List<int> ids = [.. Text.Ids!];
        for (int step = 0; step < 6; step++)
        {
            double[] logits = model.Run(TokenBatch.Single(ids), [Add.Vector(Site.ResidPre(1), Tensors.Tensor.Vector([.. finding.Vector]), 3)], LogitScope.Last).LastLogits();
            ids.Add(Reductions.ArgMax<double>(logits));
        }

        Assert.Equal(ids.Skip(6).Select(model.Tokenizer.TokenText), finding.SteeredTokens);
    }
}
