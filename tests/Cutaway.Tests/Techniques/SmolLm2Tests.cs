using System.Text.Json;
using Cutaway.Analysis;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques;
using Cutaway.Techniques.Causes;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors;
using Cutaway.Testing;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>Techniques on a real model, against values computed in double precision; skipped where the model is absent.</summary>
public sealed class SmolLm2Tests
{
    private const string Mary = " 5099";
    private const string John = " 2322";

    [SkippableFact]
    public void Logit_lens_equals_the_golden()
    {
        LanguageModel model = TestModels.SmolLm2();
        Golden golden = new("smollm2", "lens_dla");
        LogitLensFinding finding = new LogitLens(Clean(golden), Mary).Run(model);
        Assert.Equal(31, finding.Cells.Count);
        for (int layer = 0; layer < 31; layer++)
        {
            IReadOnlyList<LensCell> cells = finding.Cells[layer];
            Golden.AssertClose(golden[$"lens/{layer}/top5_log_probs"], [.. cells.SelectMany(cell => cell.Top.Select(token => token.Score))], 2e-3, $"lens {layer} log-probabilities");
            Golden.AssertClose(golden[$"lens/{layer}/kl_final_to_lens"], [.. cells.Select(cell => cell.Kl)], 2e-3, $"lens {layer} KL");
            Golden.AssertClose(golden[$"lens/{layer}/entropy"], [.. cells.Select(cell => cell.Entropy)], 2e-3, $"lens {layer} entropy");
            AssertSameTop(golden.Integers($"lens/{layer}/top5_ids"), golden[$"lens/{layer}/top5_log_probs"], cells, layer);
            long[] ranks = golden.Integers($"lens/{layer}/rank_of_mary");
            for (int i = 0; i < ranks.Length; i++)
            {
                // Deep in the vocabulary neighbours are closer than rounding.
                Assert.True(Math.Abs(ranks[i] - cells[i].Rank) <= ranks[i] / 500, $"lens {layer}, position {i}: rank {cells[i].Rank}, {ranks[i]} expected");
            }
        }

        Assert.Contains("' 5099' becomes the first choice after block", finding.Headline, StringComparison.Ordinal);
    }

    // Goldens are stored in single precision: what a double-precision run can be off by.
    [SkippableTheory]
    [InlineData(DType.Float32, 2e-4)]
    [InlineData(DType.Float64, 1e-6)]
    public void Direct_logit_attribution_equals_the_golden_and_sums_to_the_logit_difference(DType dtype, double tolerance)
    {
        LanguageModel model = TestModels.SmolLm2(dtype);
        Golden golden = new("smollm2", "lens_dla");
        AttributionFinding finding = new DirectLogitAttribution(Clean(golden), Mary, John).Run(model);
        Golden.AssertClose(golden["dla/heads"], [.. finding.Heads.SelectMany(row => row)], tolerance, "heads");
        Golden.AssertClose(golden["dla/mlps"], finding.Mlps, tolerance, "MLPs");
        Golden.AssertClose(golden["dla/embed"], [finding.Embedding], tolerance, "embedding");
        Assert.Equal(golden.Json.GetProperty("logit_diff_clean").GetDouble(), finding.Logit, dtype == DType.Float32 ? 3e-4 : 1e-9);
        Assert.Equal(finding.Logit, finding.Sum, dtype == DType.Float32 ? 1e-4 : 1e-10);
        Assert.Equal("head 23.3", finding.Ranked[0].Part);
    }

    [SkippableFact]
    public void Head_scores_on_repeated_tokens_equal_the_golden()
    {
        LanguageModel model = TestModels.SmolLm2();
        Golden golden = new("smollm2", "heads");
        int[][] rows = [.. golden.Json.GetProperty("tokens").EnumerateArray().Select(Golden.Ids)];
        HeadDetectorFinding finding = new HeadDetector().Detect(model, TokenBatch.Pad(rows), half: 25, default);
        foreach (HeadScores one in finding.Patterns)
        {
            Golden.AssertClose(golden[one.Pattern.Replace("-", "_", StringComparison.Ordinal)], [.. one.Scores.SelectMany(row => row)], 1e-4, one.Pattern);
        }

        Assert.Equal(golden.Json.GetProperty("mean_loss_first_half").GetDouble(), finding.LossFirstHalf!.Value, 1e-3);
        Assert.Equal(golden.Json.GetProperty("mean_loss_second_half").GetDouble(), finding.LossSecondHalf!.Value, 1e-3);
    }

    [SkippableFact]
    public void Induction_heads_are_found_on_tokens_of_another_seed()
    {
        HeadDetectorFinding finding = new HeadDetector(Patterns: [HeadPattern.Induction], Seed: 5).Run(TestModels.SmolLm2());
        HeadName[] best = [.. finding.Patterns[0].Best(5).Select(entry => entry.Head)];
        Assert.Equal(["17.3", "17.4", "17.5", "18.6", "18.7"], best.Select(head => head.ToString()).Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public void Zero_ablation_of_every_part_equals_the_golden()
    {
        LanguageModel model = TestModels.SmolLm2();
        Golden golden = new("smollm2", "ablation");
        Prompt prompt = Cutaway.Prompt.FromIds(Golden.Ids(golden.Json.GetProperty("prompt")));
        AblationFinding finding = new Ablation(prompt, Mary, John).Run(model);
        Assert.Equal(golden.Json.GetProperty("logit_diff_clean").GetDouble(), finding.Baseline, 3e-4);
        Golden.AssertClose(golden["zero_head_change"], [.. finding.Heads.SelectMany(row => row)], 1e-3, "heads");
        Golden.AssertClose(golden["zero_mlp_change"], finding.Mlps, 1e-3, "MLPs");
    }

    [SkippableTheory]
    [InlineData("chat", null)]
    [InlineData("fact", null)]
    [InlineData("ioi", null)]
    [InlineData("steered_+0", 0.0)]
    [InlineData("steered_+2", 2.0)]
    [InlineData("steered_-2", -2.0)]
    public void Generation_equals_the_golden(string name, double? coefficient)
    {
        LanguageModel model = TestModels.SmolLm2();
        Golden golden = new("smollm2", "generation");
        JsonElement entry = golden.Json.GetProperty("generation").GetProperty(name);
        int[] expected = Golden.Ids(entry.GetProperty("ids"));
        PlanItem[] plan = coefficient is double factor ? [Add.Vector(Site.ResidPre(12), Tensor.Vector(golden["vector"]), factor)] : [];
        Prompt prompt = Cutaway.Prompt.FromIds(Golden.Ids(entry.GetProperty("prompt_ids")));
        Generation generation = model.Generate(prompt, new GenerationOptions { MaxTokens = expected.Length }, plan);
        Assert.Equal(expected, generation.Ids);
        Assert.Equal(entry.GetProperty("smallest_gap").GetDouble(), generation.Gaps.Min(), 1e-3);
        if (coefficient is not null)
        {
            double[] logits = model.Run(TokenBatch.Single([.. generation.Prompt]), plan, LogitScope.Last).LastLogits();
            double[] last = golden["last_logits_" + name["steered_".Length..]];
            double[] whole = model.Run(TokenBatch.Single([.. generation.Prompt, .. generation.Ids.SkipLast(1)]), plan, LogitScope.Last).LastLogits();
            Assert.True(Close(last, logits) || Close(last, whole), "the last logits differ");
        }
    }

    [SkippableFact]
    public void Prompts_of_three_lengths_in_one_batch_give_the_golden_texts()
    {
        LanguageModel model = TestModels.SmolLm2();
        JsonElement goldens = new Golden("smollm2", "generation").Json.GetProperty("generation");
        string[] names = ["chat", "fact", "ioi"];
        Prompt[] prompts = [.. names.Select(name => Cutaway.Prompt.FromIds(Golden.Ids(goldens.GetProperty(name).GetProperty("prompt_ids"))))];
        IReadOnlyList<Generation> generations = model.Generate(prompts, new GenerationOptions { MaxTokens = 30 });
        Assert.Equal(names.Select(name => Golden.Ids(goldens.GetProperty(name).GetProperty("ids"))), generations.Select(generation => generation.Ids.ToArray()));
        Assert.All(generations, generation => Assert.Equal(FinishReason.EndToken, generation.Finish));
    }

    [SkippableFact]
    public void Explain_puts_head_23_3_first_and_names_the_induction_heads()
    {
        Golden golden = new("smollm2", "lens_dla");
        ExplainFinding finding = TechniqueDescription.Run(new Explain(Clean(golden), Mary, John), TestModels.SmolLm2());
        Assert.Equal("head 23.3", finding.Attribution.Ranked[0].Part);
        Assert.Contains(finding.Roles, role => role.Head == "18.6" && role.Role == "induction head");
        Assert.Equal(new HeadRole("23.3", "suppresses ' 2322', which it looks at", 0, 0), finding.Roles[0] with { Score = 0, Attribution = 0 });
        Assert.Contains(finding.Roles, role => role.Head == "23.0" && role.Role == "moves ' 5099', which it looks at");
        Assert.Contains("head 23.3 writes most", finding.Headline, StringComparison.Ordinal);
        Assert.All(finding.Parts, part => Assert.NotNull(part.Provenance));
    }

    [SkippableFact]
    public void Steering_by_several_texts_equals_the_golden_vector_and_text()
    {
        LanguageModel model = LanguageModel.Load(Fixtures.Shared("models", "smollm2-135m-instruct"));
        Golden golden = new("smollm2", "generation");
        JsonElement steering = golden.Json.GetProperty("steering");
        JsonElement steered = golden.Json.GetProperty("generation").GetProperty("steered_+2");
        Prompt prompt = Cutaway.Prompt.FromIds(Golden.Ids(steered.GetProperty("prompt_ids")));
        SteeringFinding finding = new Steering(prompt, Texts("positive"), Texts("negative"), Layer: 12, Strength: 2, MaxTokens: 20).Run(model);
        Golden.AssertClose(golden["vector"], finding.Vector, 1e-3, "vector");
        Assert.Equal(steered.GetProperty("text").GetString(), finding.Steered);
        Assert.Equal(golden.Json.GetProperty("generation").GetProperty("steered_+0").GetProperty("text").GetString(), finding.Plain);

        string[] Texts(string side) => [.. steering.GetProperty(side).EnumerateArray().Select(text => text.GetString()!)];
    }

    [SkippableFact]
    public void Explain_reads_text_and_follows_the_tokens_named()
    {
        LanguageModel model = LanguageModel.Load(Fixtures.Shared("models", "smollm2-135m-instruct"));
        ExplainFinding finding = TechniqueDescription.Run(new Explain(), model);
        Assert.Equal((" Mary", " John"), (finding.Answer, finding.Versus));
        Assert.Equal(6.1196, finding.Attribution.Logit, 1e-3);
        Assert.Equal("suppresses ' John', which it looks at", finding.Roles.First(role => role.Head == "23.3").Role);
        Assert.Equal(finding.Attribution.Logit, finding.Lens.Cells[^1][^1].LogProbability - finding.Lens.Cells[^1][^1].Versus!.Value, 1e-3);
        Assert.Equal(["head 23.3", "head 29.1"], finding.Heads!.Ranked.Take(2).Select(place => place.Place));
        Assert.Equal("When Mary and John went to the store, Mary gave a drink to", finding.Places!.Request.Corrupt!.Text);
        Assert.Equal(model.Hash, finding.Provenance!.ModelHash);
        Assert.NotEmpty(model.Hash);
    }

    private static bool Close(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max() < 3e-3;

    private static Prompt Clean(Golden golden) => Cutaway.Prompt.FromIds(Golden.Ids(golden.Json.GetProperty("clean")));

    // Tokens whose log-probabilities are closer than rounding may swap places.
    private static void AssertSameTop(long[] ids, double[] logProbabilities, IReadOnlyList<LensCell> cells, int layer)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            ScoredToken token = cells[i / 5].Top[i % 5];
            bool tie = Enumerable.Range(i / 5 * 5, 5).Any(j => j != i && Math.Abs(logProbabilities[j] - logProbabilities[i]) < 2e-3) || i % 5 == 4;
            Assert.True(token.Id == ids[i] || tie, $"lens {layer}, position {i / 5}: token {token.Id} at place {i % 5}, {ids[i]} expected");
        }
    }
}
