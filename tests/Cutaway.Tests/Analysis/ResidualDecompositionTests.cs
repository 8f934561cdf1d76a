using System.Globalization;
using Cutaway.Analysis;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Analysis;

/// <summary>Against TransformerLens's ActivationCache on raw and on processed weights.</summary>
public sealed class ResidualDecompositionTests
{
    private const double Tolerance = 2e-5;

    public static TheoryData<string, ProcessingSteps> Goldens => new()
    {
        { "cache_analysis_raw", ProcessingSteps.None },
        { "cache_analysis_all_default", ProcessingSteps.Defaults },
    };

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Every_decomposition_equals_the_golden(string name, ProcessingSteps steps)
    {
        Golden golden = new("transformerlens", name);
        Run run = RunOf(golden, steps);
        int checkedCount = 0;
        foreach (string key in golden.Names.Where(key => !key.StartsWith("logit", StringComparison.Ordinal)))
        {
            ResidualStack stack = Compute(run, key);
            if (golden.Json.GetProperty("labels").TryGetProperty(key, out System.Text.Json.JsonElement labels))
            {
                Assert.Equal(labels.EnumerateArray().Select(label => label.GetString()), stack.Labels);
            }

            Tensor values = key.Contains("pos-1", StringComparison.Ordinal) ? stack.Values.Select("pos", -1) : stack.Values;
            double[] actual = key.Contains("pos2:5", StringComparison.Ordinal)
                ? [.. Enumerable.Range(0, values.Shape[0]).SelectMany(part => Enumerable.Range(2, 3).SelectMany(pos => Enumerable.Range(0, values.Shape[3]).Select(i => values[part, 0, pos, i])))]
                : values.ToDoubles();
            Golden.AssertClose(golden[key], actual, Tolerance, key);
            checkedCount++;
        }

        Assert.Equal(50, checkedCount);
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Logit_attributions_equal_the_golden(string name, ProcessingSteps steps)
    {
        Golden golden = new("transformerlens", name);
        Run run = RunOf(golden, steps);
        int layers = run.Model.Config.Layers;
        double[] token = Unembedding(run.Model, golden.Json.GetProperty("logit_attrs_tokens").GetProperty("token").GetInt32());
        double[] incorrect = Unembedding(run.Model, golden.Json.GetProperty("logit_attrs_tokens").GetProperty("incorrect").GetInt32());
        double[] difference = [.. token.Zip(incorrect, (a, b) => a - b)];
        ResidualStack parts = ResidualDecomposition.Writers(run, layers).Normalized(layers);
        Golden.AssertClose(golden["logit_attrs.resid"], parts.Along(token), Tolerance, "resid");
        Golden.AssertClose(golden["logit_attrs.resid.vs_incorrect"], parts.Along(difference), Tolerance, "vs_incorrect");
        ResidualStack heads = ResidualDecomposition.Heads(run, layers).Normalized(layers);
        Golden.AssertClose(golden["logit_attrs.heads.pos-1"], heads.Along(difference).Select("pos", -1), Tolerance, "heads");
        double[] next = golden["logit_attrs.next_token_tensor"];
        for (int pos = 0; pos < run.Tokens.Length - 1; pos++)
        {
            Tensor along = parts.Along(Unembedding(run.Model, run.Tokens.Row(0)[pos + 1])).Select("pos", pos);
            Golden.AssertClose([.. Enumerable.Range(0, 8).Select(part => next[(part * 14) + pos])], along, Tolerance, $"next at {pos}");
        }

        Golden.AssertClose(golden["logits"], run.Logits, 1e-4, "logits");
    }

    [Fact]
    public void Writers_of_a_parallel_network_sum_to_its_stream()
    {
        LanguageModel model = TestModels.Random(config => TestModels.Plain(config) with { Block = BlockKind.Parallel });
        Run run = model.Run(TokenBatch.Single([1, 2, 3, 4]), Capture.All([.. ResidualDecomposition.Needs(model)]));
        ResidualStack parts = ResidualDecomposition.Writers(run, 2);
        Golden.AssertClose(run["blocks.1.hook_resid_post"].ToDoubles(), Sum(parts), 1e-12, "sum");
        Golden.AssertClose(Sum(parts), Sum(ResidualDecomposition.Full(run, 2)), 1e-12, "heads, MLPs and biases");
        CutawayException error = Assert.Throws<CutawayException>(() => ResidualDecomposition.Accumulated(run, 1, mids: true));
        Assert.Contains("no stream between attention and MLP", error.Message, StringComparison.Ordinal);
    }

    private static Run RunOf(Golden golden, ProcessingSteps steps)
    {
        LanguageModel model = TestModels.TinyGpt2(steps);
        int[] ids = Golden.Ids(golden.Json.GetProperty("prompts").GetProperty("prompt1"));
        return model.Run(TokenBatch.Single(ids), Capture.All([.. ResidualDecomposition.Needs(model)]));
    }

    // The keys of the golden name the call: decompose_resid.layer2.mlp_input1.all, accumulated_resid.layer-1.incl_mid1.apply_ln0, …
    private static ResidualStack Compute(Run run, string key)
    {
        string[] parts = key.Split('.');
        int layers = run.Model.Config.Layers;
        int layer = parts.FirstOrDefault(part => part.StartsWith("layer", StringComparison.Ordinal)) is { } text
            ? int.Parse(text[5..], CultureInfo.InvariantCulture)
            : layers;
        layer = layer < 0 ? layers : layer;
        bool mlp = parts.Contains("mlp_input1") || parts.Contains("mlp_input");
        bool normalized = parts.Contains("apply_ln") || parts.Contains("apply_ln1");
        switch (parts[0])
        {
            case "decompose_resid":
                ResidualWriters writers = parts.Contains("mlp") ? ResidualWriters.Mlp : parts.Contains("attn") ? ResidualWriters.Attention : ResidualWriters.All;
                return Norm(ResidualDecomposition.Writers(run, layer, mlp, writers, !parts.Contains("no_embeds")));
            case "accumulated_resid":
                ResidualStack stack = ResidualDecomposition.Accumulated(run, layer, parts.Contains("incl_mid1"), mlp);
                return normalized && layer == layers ? stack.ThroughFinalNorm() : Norm(stack);
            case "stack_head_results":
                return Norm(ResidualDecomposition.Heads(run, layer, parts.Contains("remainder1")));
            case "stack_neuron_results":
                return ResidualDecomposition.Neurons(run, layer, 0..7, remainder: true);
            case "get_neuron_results":
                return ResidualDecomposition.NeuronsIn(run, layer, 3..9);
            case "get_full_resid_decomposition":
                return Norm(ResidualDecomposition.Full(run, layer));
            default:
                Assert.Equal("apply_ln_to_stack", parts[0]);
                ResidualStack whole = ResidualDecomposition.Writers(run, layer, mlp);
                return parts.Contains("recompute") ? whole.ThroughFinalNorm() : whole.Normalized(layer, mlp);
        }

        ResidualStack Norm(ResidualStack stack) => normalized ? stack.Normalized(layer, mlp) : stack;
    }

    private static double[] Sum(ResidualStack stack)
    {
        double[] sum = new double[stack.Values.Count / stack.Labels.Count];
        for (int i = 0; i < stack.Values.Count; i++)
        {
            sum[i % sum.Length] += stack.Values.At(i);
        }

        return sum;
    }

    private static double[] Unembedding(LanguageModel model, int token)
    {
        double[] row = new double[model.Config.DModel];
        model.Network.Weights.Unembedding.Weight.DecodeRow<double>(token, row);
        return row;
    }
}
