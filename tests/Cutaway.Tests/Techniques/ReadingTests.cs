using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques;
using Cutaway.Techniques.Internals;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors.Kernels;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>Properties that must hold on networks of every wiring, checked in double precision on random ones.</summary>
public sealed class ReadingTests
{
    private static readonly Prompt Text = Prompt.FromIds(3, 7, 11, 3, 5, 7);

    /// <summary>The wirings: each is a change of the random network's configuration.</summary>
    private static readonly Dictionary<string, Func<NetworkConfig, NetworkConfig>> Wirings = new()
    {
        ["grouped queries"] = config => config,
        ["layer norms and biases"] = TestModels.Plain,
        ["parallel"] = config => TestModels.Plain(config) with { Block = BlockKind.Parallel },
        ["post-norms, offset, caps, window"] = config => config with
        {
            NormPlacement = NormPlacement.BeforeAndAfter,
            NormWeightOffset = 1,
            ScoreSoftCap = 2,
            LogitSoftCap = 20,
            EmbeddingScale = 3.5,
            LayerConfigs = [config.LayerConfigs[0] with { Window = 3 }, config.LayerConfigs[1]],
        },
        ["attention only"] = config => TestModels.Plain(config) with { DMlp = 0 },
        ["no norms"] = config => config with { Norm = NormKind.None, DMlp = 0 },
    };

    public static TheoryData<string> WiringNames => [.. Wirings.Keys];

    [Theory]
    [MemberData(nameof(WiringNames))]
    public void Attributions_sum_to_the_logit_difference_and_sources_to_their_heads(string wiring)
    {
        LanguageModel model = TestModels.Random(Wirings[wiring]);
        foreach (int position in new[] { -1, 2 })
        {
            AttributionFinding finding = new DirectLogitAttribution(Text, " w4", " w9", position).Run(model);
            Assert.Equal(finding.Logit, finding.Sum, 1e-9);
            Assert.Equal(finding.Heads.Sum(row => row.Sum()), finding.Sources.Sum(), 1e-9);
            double[] logits = model.Run(TokenBatch.Single(Text.Ids!), []).Logits.Select("batch", 0).Select("pos", position).ToDoubles();
            if (model.Config.LogitSoftCap is null)
            {
                Assert.Equal(logits[4] - logits[9], finding.Logit, 1e-9);
            }
        }
    }

    [Theory]
    [MemberData(nameof(WiringNames))]
    public void A_heads_attribution_is_what_its_removal_changes_with_every_later_part_and_norm_frozen(string wiring)
    {
        LanguageModel model = TestModels.Random(Wirings[wiring]);
        AttributionFinding finding = new DirectLogitAttribution(Text, " w4", " w9").Run(model);
        IReadOnlyList<HookPoint> points = model.Network.Hooks.Points;
        Site[] frozen =
        [
            .. points.Where(point => point.Kind is HookKind.FinalNormScale or HookKind.AttentionPostNormScale or HookKind.MlpPostNormScale
                or HookKind.Query or HookKind.Key or HookKind.Value or HookKind.MlpPost).Select(point => new Site(point.Name)),
        ];
        Run clean = model.Run(TokenBatch.Single(Text.Ids!), Capture.All([.. frozen, Site.AllZ]));
        for (int layer = 0; layer < 2; layer++)
        {
            // Other layers' heads keep their values too, so that only the direct path is left.
            Site other = Site.Z(1 - layer);
            PlanItem[] plan = [Ablate.Zero(Site.Z(layer, 1)), Freeze.At(other, clean), .. frozen.Select(site => Freeze.At(site, clean))];
            double[] logits = Uncapped(model, model.Run(TokenBatch.Single(Text.Ids!), plan).LastLogits());
            Assert.Equal(finding.Logit - finding.Heads[layer][1], logits[4] - logits[9], 1e-9);
        }
    }

    [Theory]
    [MemberData(nameof(WiringNames))]
    public void The_last_row_of_the_lens_is_the_models_own_prediction(string wiring)
    {
        LanguageModel model = TestModels.Random(Wirings[wiring]);
        LogitLensFinding finding = new LogitLens(Text, " w4", Top: 29).Run(model);
        for (int position = 0; position < 6; position++)
        {
            double[] logits = model.Run(TokenBatch.Single(Text.Ids!), []).Logits.Select("batch", 0).Select("pos", position).ToDoubles();
            double sum = Softmax.LogSumExp<double>(logits);
            LensCell cell = finding.Cells[^1][position];
            Assert.Equal(0, cell.Kl, 1e-12);
            Assert.Equal(logits[4] - sum, cell.LogProbability, 1e-12);
            Assert.Equal(logits.Count(logit => logit > logits[4]), cell.Rank);
            Assert.Equal(Reductions.TopK<double>(logits, 29), cell.Top.Select(token => token.Id));
            Assert.Equal(-logits.Sum(logit => Math.Exp(logit - sum) * (logit - sum)), cell.Entropy, 1e-12);
        }

        // An inner row, from the stream itself and the definition of KL.
        Run run = model.Run(TokenBatch.Single(Text.Ids!), Capture.All(Site.ResidPre(1)));
        double[] inner = LogProbabilities(model.Unembed(run[Site.ResidPre(1)]).Select("batch", 0).Select("pos", 2).ToDoubles());
        double[] final = LogProbabilities(run.Logits.Select("batch", 0).Select("pos", 2).ToDoubles());
        Assert.Equal(final.Zip(inner, (p, q) => Math.Exp(p) * (p - q)).Sum(), finding.Cells[1][2].Kl, 1e-12);
    }

    [Theory]
    [MemberData(nameof(WiringNames))]
    public void Attention_worked_out_step_by_step_equals_the_networks(string wiring)
    {
        LanguageModel model = TestModels.Random(Wirings[wiring]);
        foreach (string head in new[] { "0.3", "1.2" })
        {
            AttentionStepFinding finding = new AttentionStep(Text, HeadName.Parse(head), 4).Run(model);
            Assert.True(Math.Max(finding.ScoreError, Math.Max(finding.PatternError, finding.ZError)) < 1e-12, finding.Headline);
            Run run = model.Run(TokenBatch.Single(Text.Ids!), Capture.All(Site.Result(int.Parse(head[..1], System.Globalization.CultureInfo.InvariantCulture))));
            double[] result = run.Captures.Values.Single().Select("batch", 0).Select("pos", 4).Select("head", head[^1] - '0').ToDoubles();
            Golden.AssertClose(result, finding.Written, 1e-12, "written");
        }
    }

    [Fact]
    public void The_most_telling_heads_are_those_that_look_back_most_sharply()
    {
        LanguageModel model = TestModels.Random();
        AttentionPatternsFinding finding = new AttentionPatterns(Text, Count: 8).Run(model);
        double[] scores = [.. finding.Heads.Select(head => head.LooksBack)];
        Assert.Equal(8, scores.Length);
        Assert.Equal(scores.OrderDescending(), scores);
        double[][] pattern = [[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.7, 0.1]];
        Assert.Equal(0.7, HeadChoice.LooksBack(pattern), 1e-15);
    }

    [Fact]
    public void Value_weighted_patterns_weigh_each_token_by_the_length_of_what_it_would_write()
    {
        LanguageModel model = TestModels.Random();
        AttentionPatternsFinding finding = new AttentionPatterns(Text, [new HeadName(1, 3)], Weighting: AttentionWeighting.ValueNorm).Run(model);
        Run run = model.Run(TokenBatch.Single(Text.Ids!), Capture.All(Site.Pattern(1)));
        double[] lengths = [.. Enumerable.Range(0, 6).Select(k =>
        {
            // A pattern that looks at one token only makes the head write that token's value.
            double[] only = new double[6];
            only[k] = 1;
            Run one = model.Run(Text, [new Replace { Site = Site.Pattern(1, 3), Values = Tensors.Tensor.Vector(only) }, Capture.At(Site.Result(1))]);
            return Math.Sqrt(one[Site.Result(1)].Select("batch", 0).Select("pos", 5).Select("head", 3).ToDoubles().Sum(x => x * x));
        })];
        double[] expected = [.. Enumerable.Range(0, 6).Select(k => run[Site.Pattern(1)][0, 3, 5, k] * lengths[k])];
        Golden.AssertClose([.. expected.Select(value => value / expected.Sum())], finding.Heads[0].Pattern[5], 1e-12, "weights");
    }

    [Fact]
    public void Explain_leaves_out_causes_where_there_is_no_text_to_compare_with()
    {
        LanguageModel model = LanguageModel.Load("wired");
        ExplainFinding finding = new Explain(Explain.DefaultPrompt).Run(model);
        Assert.Null(finding.Places);
        Assert.Null(finding.Heads);
        Assert.Equal(4, finding.Parts.Count);
        CutawayException error = Assert.Throws<CutawayException>(() => new Explain(Explain.DefaultPrompt, Corrupt: "When Mary and John went to the store, Mary gave a drink to").Run(model));
        Assert.Contains("--answer and --versus", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_needs_no_arguments_and_no_MLPs()
    {
        string[] words = "When Mary and John went to the store , gave a drink".Split(' ');
        LanguageModel random = TestModels.Random(config => TestModels.Plain(config) with { DMlp = 0 });
        LanguageModel model = new("random", random.Network, new WordTokenizer([.. words, .. Enumerable.Range(0, 16).Select(i => $"w{i}"), "store,"]), random.DType);
        ExplainFinding finding = TechniqueDescription.Run(new Explain(), model);
        Assert.Equal((" Mary", " John"), (finding.Answer, finding.Versus));
        Assert.Equal(["logit-lens", "direct-logit-attribution", "attention-patterns", "activation-patching", "attribution-patching", "head-detector"], finding.Parts.Select(part => part.Provenance!.Technique));
        Assert.Equal(finding.Predictions.Select(token => token.Score).OrderDescending(), finding.Predictions.Select(token => token.Score));
        Assert.Empty(finding.Attribution.Mlps);
        Assert.Equal("cutaway explain --model random --dtype float64", finding.Provenance!.CommandLine);
        Assert.Equal(7, finding.WithParts().Count());
        string json = FindingJson.ToText(finding);
        System.Text.Json.JsonElement root = System.Text.Json.JsonDocument.Parse(json).RootElement;
        Assert.Equal(6, root.GetProperty("parts").GetArrayLength());
        Assert.Equal("logit-lens", root.GetProperty("parts")[0].GetProperty("technique").GetString());
        Assert.False(root.GetProperty("finding").TryGetProperty("parts", out _));
        using MemoryStream page = new();
        Cutaway.Findings.Html.HtmlReport.Write(page, "explain", finding);
        string html = System.Text.Encoding.UTF8.GetString(page.ToArray());
        Assert.All(finding.WithParts(), part => Assert.Contains(System.Net.WebUtility.HtmlEncode(part.Provenance!.CommandLine), html, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("position 6", "--position 6 is outside the prompt: its 6 tokens have positions 0 to 5")]
    [InlineData("same", "is the answer itself")]
    [InlineData("two tokens", "is 2 tokens in 'random'")]
    [InlineData("head", "head 9: 'random' has heads 0 to 3")]
    [InlineData("layer", "layer 2: 'random' has layers 0 to 1")]
    [InlineData("both", "--heads and --layer both choose heads")]
    [InlineData("file", "give the prompt it was made for")]
    public void Requests_that_do_not_fit_are_refused_with_the_reason(string what, string message)
    {
        LanguageModel model = TestModels.Random();
        CutawayException error = Assert.Throws<CutawayException>(() => _ = what switch
        {
            "position 6" => (Finding)new DirectLogitAttribution(Text, Position: 6).Run(model),
            "same" => new DirectLogitAttribution(Text, " w1", " w1").Run(model),
            "two tokens" => new LogitLens(Text, " w1 w2").Run(model),
            "head" => new AttentionStep(Text, new HeadName(0, 9)).Run(model),
            "layer" => new AttentionPatterns(Text, [new HeadName(2, 0)]).Run(model),
            "both" => new AttentionPatterns(Text, [new HeadName(0, 0)], 1).Run(model),
            _ => new HeadDetector(PatternFile: "x.txt").Run(model),
        });
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_is_heeded_and_progress_reaches_the_end()
    {
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        LanguageModel model = TestModels.TinyGpt2();
        Assert.ThrowsAny<OperationCanceledException>(() => new Explain(Text).Run(model, new Progress(null, cancelled.Token)));
        double last = 0;
        new Explain(Text).Run(model, new Progress((_, share) =>
        {
            Assert.InRange(share, last - 1e-9, 1);
            last = share;
        }));
        Assert.Equal(1, last);
    }

    private static double[] LogProbabilities(double[] logits)
    {
        double sum = Softmax.LogSumExp<double>(logits);
        return Array.ConvertAll(logits, logit => logit - sum);
    }

    private static double[] Uncapped(LanguageModel model, double[] logits) =>
        model.Config.LogitSoftCap is double cap ? Array.ConvertAll(logits, logit => cap * Math.Atanh(logit / cap)) : logits;
}
