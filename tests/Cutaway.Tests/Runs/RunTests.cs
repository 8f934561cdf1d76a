using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Runs;

public sealed class RunTests
{
    private static readonly TokenBatch Tokens = TokenBatch.Pad([[3, 7, 11, 3, 5], [2, 9, 4, 8, 1]]);

    [Theory]
    [InlineData(BlockKind.Sequential, false)]
    [InlineData(BlockKind.Parallel, false)]
    [InlineData(BlockKind.ParallelSharedNorm, false)]
    [InlineData(BlockKind.Sequential, true)]
    public void Every_hook_point_fires_and_asking_for_it_changes_nothing(BlockKind block, bool full)
    {
        LanguageModel model = TestModels.Random(config => full
            ? config with { Block = block, NormPlacement = NormPlacement.BeforeAndAfter }
            : TestModels.Plain(config) with { Block = block });
        double[] logits = model.Run(Tokens, []).Logits.ToDoubles();
        Site[] all = [.. model.Network.Hooks.Points.Select(point => new Site(point.Name))];
        Run run = model.Run(Tokens, Capture.All(all));
        foreach (HookPoint point in model.Network.Hooks.Points)
        {
            Tensor tensor = run[point.Name];
            Assert.Equal(point.Axes, tensor.Axes);
            Assert.All(point.Extents.Zip(tensor.Shape), pair => Assert.True(pair.First == 0 || pair.First == pair.Second, point.Name));
        }

        Golden.AssertClose(logits, run.Logits, 1e-11, "logits");
        Assert.Equal(run.Captures.Values.Sum(tensor => 8L * tensor.Count) + (8L * run.Logits.Count), run.Bytes);
    }

    [Fact]
    public void A_glob_takes_what_is_computed_anyway_and_optional_points_only_by_their_last_part()
    {
        LanguageModel model = TestModels.Random();
        HookTable hooks = model.Network.Hooks;
        Assert.DoesNotContain(new Site("*").Resolve(hooks), point => point.Optional);
        Assert.DoesNotContain(new Site("blocks.0.*").Resolve(hooks), point => point.Optional);
        Assert.Equal(["blocks.0.attn.hook_result", "blocks.1.attn.hook_result"], new Site("blocks.*.attn.hook_result").Resolve(hooks).Select(point => point.Name));
        Assert.Equal(["blocks.0.hook_q_input", "blocks.1.hook_q_input"], new Site("*hook_q_input").Resolve(hooks).Select(point => point.Name));
        Assert.Equal(["blocks.1.attn.hook_pattern"], new Site("pattern.1").Resolve(hooks).Select(point => point.Name));
        Assert.Equal(hooks.Points.Count(point => !point.Optional), new Site("*").Resolve(hooks).Count);
    }

    [Fact]
    public void A_capture_keeps_only_the_heads_positions_and_precision_asked_for()
    {
        LanguageModel model = TestModels.Random();
        Run whole = model.Run(Tokens, Capture.All(Site.Z(1), Site.Pattern(0), Site.ResidPre(1)));
        Run part = model.Run(
            Tokens,
            [
                new Capture { Site = (Site.Z(1) with { Heads = [3, 0] }).At(-1, 1), Store = DType.Float32 },
                Capture.At(Site.Pattern(0, 2).At(4)),
                Capture.At(Site.ResidPre(1).At(-2)),
            ],
            LogitScope.None);
        Assert.Equal([2, 2, 2, 4], part[Site.Z(1)].Shape);
        Assert.Equal(DType.Float32, part[Site.Z(1)].DType);
        Assert.Equal((float)whole[Site.Z(1)][1, 4, 3, 2], part[Site.Z(1)][1, 0, 0, 2]);
        Assert.Equal((float)whole[Site.Z(1)][1, 1, 0, 2], part[Site.Z(1)][1, 1, 1, 2]);
        Assert.Equal(whole[Site.Pattern(0)][1, 2, 4, 3], part[Site.Pattern(0)][1, 0, 0, 3]);
        Assert.Equal(whole[Site.ResidPre(1)][0, 3, 5], part[Site.ResidPre(1)][0, 0, 5]);
        Assert.Equal((4 * 2 * 2 * 2 * 4) + (8 * 2 * 5) + (8 * 2 * 12), part.Bytes);
        Assert.Contains("only some heads or positions", Fault(() => Replace.With(Site.Z(1), part)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Positions_count_real_tokens_whichever_side_is_padded(bool left)
    {
        LanguageModel model = TestModels.Random();
        int[][] sequences = [[3, 7, 11, 3, 5], [2, 9], [4, 4, 8]];
        Tensor vector = Tensor.Vector([.. Enumerable.Range(0, 12).Select(i => 0.3 * i)]);
        PlanItem[] plan = [Add.Vector(Site.ResidPre(1).At(-1), vector), Ablate.Zero(Site.Z(0, 1).At(1)), Capture.At(Site.ResidPost(1).At(-1, 0))];
        Run batch = model.Run(TokenBatch.Pad(sequences, padId: 6, left), plan);
        for (int b = 0; b < sequences.Length; b++)
        {
            Run alone = model.Run(TokenBatch.Single(sequences[b]), plan);
            Golden.AssertClose(alone.LastLogits(), batch.LastLogits(b), 1e-12, $"logits of sequence {b}");
            Golden.AssertClose(alone[Site.ResidPost(1)].Select("batch", 0).ToDoubles(), batch[Site.ResidPost(1)].Select("batch", b), 1e-12, $"capture of sequence {b}");
        }

        string fault = Fault(() => model.Run(TokenBatch.Pad(sequences, left: left), [Ablate.Zero(Site.ResidPre(0).At(2))]));
        Assert.Contains("position 2 of 'blocks.0.hook_resid_pre' is outside: sequence 1 has 2 tokens", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_ends_after_the_last_thing_needed()
    {
        // The second block has no weights at all: running it would fail.
        LanguageModel whole = TestModels.Random();
        NetworkWeights half = whole.Network.Weights with { Blocks = [whole.Network.Weights.Blocks[0], null!] };
        LanguageModel model = whole.WithNetwork(new TransformerNetwork(whole.Config, half));
        Run run = model.Run(Tokens, Capture.All(Site.ResidPost(0), Site.Pattern(0)), LogitScope.None);
        Assert.Equal(whole.Run(Tokens, Capture.All(Site.ResidPost(0)))[Site.ResidPost(0)].ToDoubles(), run[Site.ResidPost(0)].ToDoubles());
        Assert.Contains("computed no logits", Fault(() => run.Logits), StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => model.Run(Tokens, Capture.All(Site.ResidPre(1), Site.MlpOut(1)), LogitScope.None));
    }

    [Fact]
    public void Only_the_logits_asked_for_are_computed()
    {
        LanguageModel model = TestModels.Random();
        TokenBatch padded = TokenBatch.Pad([[3, 7, 11], [2]], left: false);
        Run all = model.Run(padded, []);
        Run last = model.Run(padded, [Capture.At("ln_final.hook_scale")], LogitScope.Last);
        Assert.Equal([2, 29], last.Logits.Shape);
        Golden.AssertClose(all.Logits.Select("batch", 1).Select("pos", 0).ToDoubles(), last.LastLogits(1), 1e-12, "last");
        Assert.Equal(all.LastLogits(0), all.Logits.Select("batch", 0).Select("pos", 2).ToDoubles());
    }

    [Fact]
    public void Changing_a_position_leaves_earlier_ones_as_they_were()
    {
        LanguageModel model = TestModels.Random();
        Run clean = model.Run(Tokens, []);
        Run changed = model.Run(Tokens, [Ablate.Zero(Site.ResidPre(0).At(3))]);
        for (int pos = 0; pos < 5; pos++)
        {
            Assert.Equal(pos < 3, clean.Logits[0, pos, 4] == changed.Logits[0, pos, 4]);
        }
    }

    [Fact]
    public void The_library_reads_as_its_design_says()
    {
        LanguageModel model = TestModels.TinyGpt2();
        Prompt clean = "w47 w20 w41 w22 w47";
        Run run = model.Run(clean, Capture.All(Site.AllPatterns, Site.AllZ, Site.AllResidPost));
        Tensor direction = run[Site.ResidPost(2)].Select("batch", 0).Select("pos", -1);
        Run patched = model.Run(
            clean.Replacing("w20", "w3"),
            [Replace.With(Site.Z(layer: 1, head: 3), from: run), Add.Vector(Site.ResidPost(2), direction, scale: 4)]);
        Assert.Equal([1, 5, 113], patched.Logits.Shape);
        Assert.NotEqual(run.Logits.ToDoubles(), patched.Logits.ToDoubles());
    }

    private static string Fault(Func<object?> action) => Assert.Throws<CutawayException>(() => _ = action()).Message;
}
