using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>Every hook point of a run, and the order in which they fire, against TransformerLens 3.9.</summary>
public sealed class TransformerLensCacheTests
{
    [Theory]
    [InlineData("cache_prompt0", "prompt0")]
    [InlineData("cache_prompt1", "prompt1")]
    public void Every_hook_point_of_gpt2_equals_the_reference(string name, string prompt)
    {
        TransformerLensGolden golden = new(name);
        NetworkRun run = RunAll(TransformerLensGolden.Load("tiny-gpt2"), golden, golden.Prompt(prompt));
        Closeness.Require(golden.Differences(run));
        Assert.Equal(golden.HookOrder, run.Order);

        // A log-probability is a difference of logits, so it may be off by both of theirs.
        double[] logProbabilities = golden.Tensors["log_probs"].ToDoubles();
        Closeness.Require([Closeness.Difference("log_probs", logProbabilities, LogProbabilities.Of(run.Logits, golden.Tensors["log_probs"].Shape[^1]), 2 * golden.Tolerance, absolute: true)]);
        Assert.Equal(["log_probs", "logits", "loss_per_token"], golden.Tensors.Keys.Except(golden.HookOrder).Order());
    }

    [Theory]
    [InlineData("attn-only-standard")]
    [InlineData("attn-only-shortformer")]
    public void Every_hook_point_of_attention_only_models_equals_the_reference(string name)
    {
        TransformerLensGolden golden = new(name);
        int[] ids = System.Text.Json.JsonSerializer.Deserialize<int[]>(golden.Notes.GetProperty("tokens"))!;
        NetworkRun run = RunAll(TransformerLensGolden.Load(name), golden, ids);
        Closeness.Require(golden.Differences(run));
        Assert.Equal(golden.HookOrder, run.Order);

        // What is left belongs to matrix analysis and to weight processing.
        Assert.All(golden.Tensors.Keys.Except(golden.HookOrder).Except(["logits"]), tensor => Assert.Contains(tensor.Split('.')[0], (string[])["OV", "QK", "all_composition_scores", "processed"]));
    }

    [Theory]
    [InlineData("tiny-gpt2")]
    [InlineData("attn-only-standard")]
    public void Hook_points_fire_in_the_order_of_their_indices(string checkpoint)
    {
        TransformerNetwork network = TransformerLensGolden.Load(checkpoint);
        NetworkRun run = NetworkRun.Of<float>(network, [[1, 2, 3]], wants: _ => true);
        Assert.Equal(network.Hooks.Points.Select(point => point.Name), run.Order);
        Assert.Equal(Enumerable.Range(0, run.Order.Count), network.Hooks.Points.Select(point => point.Index));
    }

    private static NetworkRun RunAll(TransformerNetwork network, TransformerLensGolden golden, int[] ids)
    {
        HashSet<string> names = [.. golden.HookOrder];
        return NetworkRun.Of<float>(network, [ids], wants: point => names.Contains(point.Name));
    }
}
