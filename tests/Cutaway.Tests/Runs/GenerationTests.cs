using Cutaway.Decoding;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Runs;

/// <summary>Generation through the cache against runs of the whole text, with interventions in every step.</summary>
public sealed class GenerationTests
{
    private static readonly LanguageModel Model = TestModels.Random();
    private static readonly int[] Start = [3, 7, 11];
    private static readonly Tensor Vector = Tensor.Vector([.. Enumerable.Range(0, 12).Select(i => Math.Sin(i))]);

    public static TheoryData<string, PlanItem[]> HeldPlans => new()
    {
        { "nothing", [] },
        { "an added vector", [Add.Vector(Site.ResidPre(1), Vector, 2)] },
        { "a head of a key group", [Ablate.Zero(Site.Z(0, 3)), Scale.By(new Site("blocks.1.attn.hook_k") { Heads = [1] }, 2)] },
        { "scores and norm scales", [Scale.By("blocks.0.attn.hook_attn_scores", 0.5), Scale.By("ln_final.hook_scale", 2)] },
        { "optional points", [Scale.By("blocks.1.hook_q_input", 1.5), Scale.By("blocks.0.attn.hook_result", 0.7), Scale.By("blocks.0.hook_mlp_in", 1.2)] },
        { "single positions", [Ablate.Zero(Site.MlpOut(0).At(1, 4)), Add.Vector(Site.ResidPost(0).At(-1), Vector)] },
        { "a projection", [ProjectOut.Direction("blocks.*.hook_resid_post", Vector)] },
    };

    [Theory]
    [MemberData(nameof(HeldPlans))]
    public void Every_step_through_the_cache_is_the_run_of_the_whole_text(string what, PlanItem[] plan)
    {
        Generation generation = Model.Generate(Prompt.FromIds(Start), new GenerationOptions { MaxTokens = 8 }, plan);
        Assert.Equal(8, generation.Ids.Count);
        List<int> ids = [.. Start];
        for (int step = 0; step < 8; step++)
        {
            // Negative positions count from the prompt's end, not from that of the text so far; later ones may not be there yet.
            PlanItem[] now =
            [
                .. plan.Select(item => item.Site.Positions is { } positions
                    ? item with { Site = item.Site.At([.. positions.Select(p => p < 0 ? p + Start.Length : p).Where(p => p < ids.Count)]) }
                    : item),
            ];
            double[] logits = Model.Run(TokenBatch.Single(ids), now, LogitScope.Last).LastLogits();
            int best = Reductions.ArgMax<double>(logits);
            Assert.True(best == generation.Ids[step], $"{what}, step {step}: {generation.Ids[step]}, {best} expected");
            Assert.Equal(logits[best] - Softmax.LogSumExp<double>(logits), generation.LogProbabilities[step], 1e-10);
            Assert.Equal(logits[best] - logits.Where((_, id) => id != best).Max(), generation.Gaps[step], 1e-10);
            ids.Add(best);
        }
    }

    [Fact]
    public void Changes_hold_at_their_positions_of_a_prompt_that_is_read_in_pieces()
    {
        LanguageModel model = TestModels.Random(config => config with
        {
            Context = 2000,
            LayerConfigs = [.. config.LayerConfigs.Select((layer, i) => layer with { Window = i == 0 ? 40 : null })],
        });
        const int first = ForwardPass<double>.PieceLength;
        int[] prompt = [.. Enumerable.Range(0, (2 * first) + 9).Select(i => (i * i) % 29)];
        List<int> seen = [];
        PlanItem[] plan =
        [
            Add.Vector(Site.ResidPre(1).At(3, first - 1, first, first + 1, -1), Vector, 2),
            Scale.By("blocks.0.attn.hook_attn_scores", 0.5),
            LocalFunction.At(Site.ResidPost(1), (_, context) => seen.Add(context.Position)) with { Phase = Phase.Prompt },
        ];
        Generation generation = model.Generate(Prompt.FromIds(prompt), new GenerationOptions { MaxTokens = 3 }, plan);
        Assert.Equal(Enumerable.Range(0, prompt.Length), seen);
        double[] logits = model.Run(TokenBatch.Single(prompt), plan, LogitScope.Last).LastLogits();
        Assert.Equal(Reductions.ArgMax<double>(logits), generation.Ids[0]);
        Assert.Equal(logits[generation.Ids[0]] - Softmax.LogSumExp<double>(logits), generation.LogProbabilities[0], 1e-12);
        BeamSearch beams = new() { Beams = 2 };
        Generation beam = model.Generate(Prompt.FromIds(prompt), new GenerationOptions { MaxTokens = 1, Strategy = beams }, plan);
        Assert.Equal(generation.LogProbabilities[0], beam.LogProbabilities[0], 1e-12);
    }

    [Fact]
    public void Phases_hold_while_the_prompt_is_read_or_in_generated_steps_only()
    {
        List<int> prompt = [];
        List<int> generated = [];
        PlanItem[] plan =
        [
            LocalFunction.At(Site.ResidPre(0), (_, context) => prompt.Add(context.Position)) with { Phase = Phase.Prompt },
            LocalFunction.At(Site.ResidPre(0), (_, context) => generated.Add(context.Position)) with { Phase = Phase.Generated },
        ];
        Model.Generate(Prompt.FromIds(Start), new GenerationOptions { MaxTokens = 4 }, plan);
        Assert.Equal([0, 1, 2], prompt);
        Assert.Equal([3, 4, 5], generated);
    }

    [Fact]
    public void Temperature_draws_by_probability_the_same_for_a_seed()
    {
        GenerationOptions options = new() { MaxTokens = 1, Temperature = 1.5 };
        double[] logits = Model.Run(TokenBatch.Single(Start), [], LogitScope.Last).LastLogits();
        double[] weights = Array.ConvertAll(logits, logit => Math.Exp(logit / 1.5));
        int[] counts = new int[29];
        for (int seed = 0; seed < 2000; seed++)
        {
            counts[Model.Generate(Prompt.FromIds(Start), options with { Seed = seed }).Ids[0]]++;
        }

        for (int id = 0; id < 29; id++)
        {
            double p = weights[id] / weights.Sum();
            Assert.InRange(counts[id], (2000 * p) - (5 * Math.Sqrt(2000 * p)) - 1, (2000 * p) + (5 * Math.Sqrt(2000 * p)) + 1);
        }

        Generation first = Model.Generate(Prompt.FromIds(Start), options with { MaxTokens = 20, Seed = 9 });
        Assert.Equal(first.Ids, Model.Generate(Prompt.FromIds(Start), options with { MaxTokens = 20, Seed = 9 }).Ids);
    }

    [Fact]
    public void The_end_of_text_ends_a_generation_unless_told_otherwise()
    {
        Generation free = Model.Generate(Prompt.FromIds(Start), new GenerationOptions { MaxTokens = 6 });
        LanguageModel ends = new("ends", Model.Network, new WordTokenizer([.. Enumerable.Range(0, 29).Select(i => $"w{i}")]) { EndOfText = free.Ids[2] }, Model.DType);
        int first = free.Ids.ToList().IndexOf(free.Ids[2]);
        Assert.Equal(free.Ids.Take(first + 1), ends.Generate(Prompt.FromIds(Start), new GenerationOptions { MaxTokens = 6 }).Ids);
        Assert.Equal(free.Ids, ends.Generate(Prompt.FromIds(Start), new GenerationOptions { MaxTokens = 6, StopAtEnd = false }).Ids);
    }

    [Theory]
    [InlineData("context", "exceed the context of 32")]
    [InlineData("every token there could be", "exceed the context of 32")]
    [InlineData("captures", "captures are kept for one prompt, token by token, at all positions")]
    [InlineData("tokens", "at least one token")]
    [InlineData("temperature", "temperature of 0 or more")]
    [InlineData("position", "is outside: the prompt has 3 tokens, and at most 4 are generated")]
    [InlineData("never", "were not among the 6 that were run while it held")]
    [InlineData("not a number", "the logits are not numbers")]
    public void A_generation_that_cannot_be_is_refused_with_the_reason(string what, string message)
    {
        GenerationOptions options = new() { MaxTokens = what switch { "context" => 30, "every token there could be" => int.MaxValue, "tokens" => 0, _ => 4 }, Temperature = what == "temperature" ? -1 : 0 };
        PlanItem[] plan = what switch
        {
            "captures" => [Capture.At(Site.Z(0).At(1))],
            "position" => [Ablate.Zero(Site.ResidPre(0).At(7))],
            "never" => [Ablate.Zero(Site.ResidPre(0).At(1)) with { Phase = Phase.Generated }],
            "not a number" => [Scale.By("ln_final.hook_scale", 0)],
            _ => [],
        };
        CutawayException error = Assert.Throws<CutawayException>(() => Model.Generate(Prompt.FromIds(Start), options, plan));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
