using Cutaway.Models.Architectures;
using Cutaway.Models.Parity;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

public sealed class WeightProcessingTests
{
    public static TheoryData<string, ProcessingSteps> References { get; } = new()
    {
        { "fold_ln", ProcessingSteps.FoldNorms },
        { "center_writing_weights", ProcessingSteps.CenterWritingWeights },
        { "center_unembed", ProcessingSteps.CenterUnembed },
        { "fold_value_biases", ProcessingSteps.FoldValueBiases },
        { "all_default", ProcessingSteps.Defaults },
    };

    /// <summary>Every golden family with every step that suits it alone, and with all of them.</summary>
    public static TheoryData<string, ProcessingSteps> Suitable { get; } = Pairs(suitable: true);

    /// <summary>Every golden family with every step that would change what it computes.</summary>
    public static TheoryData<string, ProcessingSteps> Unsuitable { get; } = Pairs(suitable: false);

    [Theory]
    [MemberData(nameof(References))]
    public void Weights_and_logits_equal_those_of_TransformerLens(string name, ProcessingSteps steps)
    {
        TransformerLensGolden golden = new("weight_processing");
        TransformerNetwork raw = TransformerLensGolden.Load("tiny-gpt2");
        (NetworkConfig config, NetworkWeights weights) = WeightProcessing.Apply(raw.Config, raw.Weights, steps);
        string[] tensors = [.. golden.Tensors.Keys.Where(key => key.StartsWith(name + ".", StringComparison.Ordinal))];
        TransformerNetwork processed = new(config, weights);
        Closeness.Require(tensors.Select(tensor => golden.Difference(tensor, tensor[(name.Length + 1)..] switch
        {
            // The reference was computed in fp32 and is off by half the tolerance itself, so ours is computed in fp64.
            "logits_prompt0" => NetworkRun.Of<double>(processed, [golden.Prompt("prompt0")]).Logits,
            "logits_prompt1" => NetworkRun.Of<double>(processed, [golden.Prompt("prompt1")]).Logits,
            string parameter => TransformerLensNames.Read(config, weights, parameter),
        })));
        string[] changed = System.Text.Json.JsonSerializer.Deserialize<string[]>(golden.Notes.GetProperty("steps").GetProperty(name).GetProperty("changed"))!;
        Assert.Equal(changed.Order(), tensors.Select(tensor => tensor[(name.Length + 1)..]).Where(tensor => !tensor.StartsWith("logits", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Refactored_heads_have_the_products_and_logits_of_TransformerLens()
    {
        const string Name = "refactor_factored_attn_matrices";
        TransformerLensGolden golden = new("weight_processing");
        TransformerNetwork processed = Process(TransformerLensGolden.Load("tiny-gpt2"), ProcessingSteps.RefactorAttention, DType.Float64);
        NetworkConfig config = processed.Config;
        foreach (string prompt in (string[])["prompt0", "prompt1"])
        {
            // Singular vectors in fp32 cost the reference this much of its own log-probabilities.
            double noise = golden.Notes.GetProperty("steps").GetProperty(Name).GetProperty($"max_abs_logprob_change_{prompt}").GetDouble();
            double[] found = NetworkRun.Of<double>(processed, [golden.Prompt(prompt)]).Logits;
            Closeness.Require([Closeness.Difference(prompt, golden.Tensors[$"{Name}.logits_{prompt}"].ToDoubles(), found, golden.Tolerance + noise, absolute: true)]);
        }

        for (int layer = 0; layer < config.Layers; layer++)
        {
            string stem = $"blocks.{layer}.attn";
            Closeness.Require([golden.Difference($"{Name}.{stem}.b_O", TransformerLensNames.Read(config, processed.Weights, $"{stem}.b_O"))]);
            Closeness.Require($"layer {layer}", Products(name => golden.Tensors[$"{Name}.{stem}.{name}"].ToDoubles()), Products(name => TransformerLensNames.Read(config, processed.Weights, $"{stem}.{name}")), golden.Tolerance);
        }

        // W_Q W_Kᵀ with its biases, and W_V W_O, head by head: the factors themselves are free up to sign.
        double[] Products(Func<string, double[]> read)
        {
            (double[] wq, double[] bq, double[] wk, double[] bk, double[] wv, double[] wo) = (read("W_Q"), read("b_Q"), read("W_K"), read("b_K"), read("W_V"), read("W_O"));
            (int d, int width) = (config.DModel, config.DHead);
            return
            [
                .. from head in Enumerable.Range(0, config.Heads)
                   from i in Enumerable.Range(0, d + 1)
                   from j in Enumerable.Range(0, d + 1)
                   select Enumerable.Range(0, width).Sum(e => Read(wq, bq, head, i, e) * Read(wk, bk, head, j, e)),
                .. from head in Enumerable.Range(0, config.Heads)
                   from i in Enumerable.Range(0, d)
                   from j in Enumerable.Range(0, d)
                   select Enumerable.Range(0, width).Sum(e => wv[(((head * d) + i) * width) + e] * wo[(((head * width) + e) * d) + j]),
            ];

            double Read(double[] weight, double[] bias, int head, int row, int e) => row < d ? weight[(((head * d) + row) * width) + e] : bias[(head * width) + e];
        }
    }

    [Fact]
    public void Every_step_of_the_reference_is_compared() => Assert.Equal(
        ["refactor_factored_attn_matrices"],
        new TransformerLensGolden("weight_processing").Notes.GetProperty("steps").EnumerateObject().Select(step => step.Name).Except(References.Select(row => (string)row[0])));

    [Theory]
    [MemberData(nameof(Suitable))]
    public void Processing_leaves_log_probabilities_as_they_are(string family, ProcessingSteps steps)
    {
        ArchitectureGolden golden = new(Fixtures.Golden("architectures", family));
        TransformerNetwork raw = golden.Network;
        (NetworkConfig config, NetworkWeights weights) = WeightProcessing.Apply(raw.Config, raw.Weights, steps, DType.Float64);
        double[] expected = LogProbabilities.Of(NetworkRun.Of<double>(raw, golden.PlainIds).Logits, config.Vocabulary);
        double[] found = LogProbabilities.Of(NetworkRun.Of<double>(new TransformerNetwork(config, weights), golden.PlainIds).Logits, config.Vocabulary);
        Closeness.Require("log-probabilities", expected, found, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Unsuitable))]
    public void A_step_that_would_change_the_network_is_refused(string family, ProcessingSteps step)
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Fixtures.Golden("architectures", family));
        CutawayException fault = Assert.Throws<CutawayException>(() => WeightProcessing.Apply(config, weights, step));
        Assert.Equal(FaultKind.Usage, fault.Kind);
        Assert.Contains("does not apply", fault.Message, StringComparison.Ordinal);
        Assert.Contains("fold_value_biases", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Default_processing_of_an_attention_only_model_equals_TransformerLens()
    {
        TransformerLensGolden golden = new("attn-only-standard");
        TransformerNetwork processed = Process(TransformerLensGolden.Load("attn-only-standard"), ProcessingSteps.Defaults, DType.Float32);
        int[] ids = System.Text.Json.JsonSerializer.Deserialize<int[]>(golden.Notes.GetProperty("tokens"))!;
        Closeness.Require([golden.Difference("processed.logits", NetworkRun.Of<float>(processed, [ids]).Logits)]);
    }

    [Fact]
    public void Shortformer_is_refused()
    {
        TransformerNetwork raw = TransformerLensGolden.Load("attn-only-shortformer");
        Assert.Equal(ProcessingSteps.None, WeightProcessing.Suitable(raw.Config));
        CutawayException fault = Assert.Throws<CutawayException>(() => WeightProcessing.Apply(raw.Config, raw.Weights, ProcessingSteps.FoldNorms));
        Assert.Contains("shortformer", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("gemma3")]
    public void The_original_network_stays_as_it_was(string family)
    {
        ArchitectureGolden golden = new(Fixtures.Golden("architectures", family));
        double[] before = NetworkRun.Of<float>(golden.Network, golden.PlainIds).Logits;
        TransformerNetwork processed = Process(golden.Network, WeightProcessing.Suitable(golden.Network.Config) & ProcessingSteps.Defaults, DType.Float32);
        Assert.Equal(before, NetworkRun.Of<float>(golden.Network, golden.PlainIds).Logits);
        Assert.Empty(golden.Network.Config.AppliedProcessing);
        Assert.True(golden.Network.Config.TiedEmbedding);
        Assert.False(processed.Config.TiedEmbedding);
    }

    [Fact]
    public void Steps_are_recorded_once_and_in_order()
    {
        TransformerNetwork raw = TransformerLensGolden.Load("tiny-gpt2");
        TransformerNetwork once = Process(raw, ProcessingSteps.FoldValueBiases | ProcessingSteps.FoldNorms, DType.Float64);
        TransformerNetwork twice = Process(once, ProcessingSteps.Defaults, DType.Float64);
        Assert.Equal(["fold_ln", "fold_value_biases"], once.Config.AppliedProcessing);
        Assert.Equal(["fold_ln", "fold_value_biases", "center_writing_weights", "center_unembed"], twice.Config.AppliedProcessing);
    }

    [Fact]
    public void Norms_after_a_part_and_norms_of_heads_stay()
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Fixtures.Golden("architectures", "gemma3"));
        NetworkWeights folded = WeightProcessing.Apply(config, weights, ProcessingSteps.FoldNorms).Weights;
        Assert.Null(folded.FinalNorm!.Weight);
        Assert.All(folded.Blocks.Zip(weights.Blocks), pair =>
        {
            Assert.Null(pair.First.AttentionNorm!.Weight);
            Assert.Null(pair.First.MlpNorm!.Weight);
            Assert.Same(pair.Second.AttentionPostNorm, pair.First.AttentionPostNorm);
            Assert.Same(pair.Second.MlpPostNorm, pair.First.MlpPostNorm);
            Assert.Same(pair.Second.Attention.QueryNorm, pair.First.Attention.QueryNorm);
            Assert.Same(pair.Second.Attention.KeyNorm, pair.First.Attention.KeyNorm);
            Assert.Same(pair.Second.Attention.Output, pair.First.Attention.Output);
        });
    }

    [Fact]
    public void Centred_weights_write_a_residual_stream_without_mean()
    {
        TransformerNetwork processed = Process(TransformerLensGolden.Load("tiny-gpt2"), ProcessingSteps.CenterWritingWeights, DType.Float64);
        NetworkRun run = NetworkRun.Of<double>(processed, [[1, 2, 3, 4]], wants: point => point.Kind == HookKind.ResidPost);
        Assert.All(run.Seen.Values, resid =>
        {
            foreach (double[] stream in resid.Values.Chunk(processed.Config.DModel))
            {
                Assert.Equal(0, stream.Average(), 1e-12);
            }
        });
    }

    private static TransformerNetwork Process(TransformerNetwork network, ProcessingSteps steps, DType storage)
    {
        (NetworkConfig config, NetworkWeights weights) = WeightProcessing.Apply(network.Config, network.Weights, steps, storage);
        return new TransformerNetwork(config, weights);
    }

    private static TheoryData<string, ProcessingSteps> Pairs(bool suitable)
    {
        TheoryData<string, ProcessingSteps> pairs = [];
        foreach (string folder in Directory.GetDirectories(Fixtures.Golden("architectures")).Order(StringComparer.Ordinal))
        {
            ProcessingSteps suits = WeightProcessing.Suitable(ModelFolder.Load(folder).Config);
            ProcessingSteps[] single = [.. Enum.GetValues<ProcessingSteps>().Where(step => int.PopCount((int)step) == 1)];
            foreach (ProcessingSteps step in suitable ? [.. single.Where(step => suits.HasFlag(step)), suits] : single.Where(step => !suits.HasFlag(step)))
            {
                pairs.Add(Path.GetFileName(folder), step);
            }
        }

        return pairs;
    }
}
