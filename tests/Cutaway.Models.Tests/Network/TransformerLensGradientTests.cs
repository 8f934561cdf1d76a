using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

/// <summary>Gradients of the loss at every hook point, and of every parameter, against TransformerLens 3.9.</summary>
public sealed class TransformerLensGradientTests
{
    private static readonly string[] PerHead = ["attn.W_Q", "attn.W_K", "attn.W_V"];

    [SkippableFact]
    public void Every_gradient_of_gpt2_equals_the_reference()
    {
        string file = Fixtures.Shared("goldens", "transformerlens", "gradients_prompt1.safetensors");
        JsonElement notes = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(file, ".json"))).RootElement;
        double absolute = notes.GetProperty("suggested_abs_tolerance").GetDouble();
        double relative = notes.GetProperty("suggested_rel_tolerance").GetDouble();
        int[] ids = notes.GetProperty("prompts").GetProperty("prompt1").Deserialize<int[]>()!;
        Dictionary<string, StoredTensor> expected = SafetensorsFile.Open(file).Tensors.ToDictionary();
        TransformerNetwork network = TransformerLensGolden.Load("tiny-gpt2");

        // The reference has no tie between embedding and unembedding, and names logits by their hook.
        NetworkWeights untied = network.Weights with { Unembedding = new LinearWeights(network.Weights.Embedding.SliceRows(0, network.Config.Vocabulary)) };
        TransformerNetwork parameters = new(network.Config, untied);
        double[] weights = LossGradient(network, ids);
        GradientRun run = GradientRun.OfLogits<float>(parameters, [ids], null, weights, point => expected.ContainsKey("act_grad." + point.Name), parameters: true);
        NetworkRun forward = NetworkRun.Of<double>(network, [ids], wants: point => point.Name.Contains(".ln1.", StringComparison.Ordinal));
        List<string?> differences = [];
        foreach ((string name, Recorded found) in run.Seen)
        {
            expected.Remove("act_grad." + name, out StoredTensor? reference);
            differences.Add(Difference(name, reference!.ToDoubles(), name.Contains(".ln1.", StringComparison.Ordinal) ? QueryShare(network, forward, run, name) : found.Values));
        }

        foreach (NamedWeight weight in parameters.NamedWeights)
        {
            expected.Remove("param_grad." + weight.Name, out StoredTensor? reference);
            differences.Add(Difference(weight.Name, reference!.ToDoubles(), LensLayout(network.Config, weight, run.Parameters[weight.Name])));
        }

        Closeness.Require(differences);
        Assert.Equal(["param_grad.unembed.b_U"], expected.Keys);

        string? Difference(string name, double[] reference, double[] found)
        {
            double largest = reference.Max(Math.Abs);
            return Closeness.Difference(name, reference, found, absolute + (relative * largest), absolute: true);
        }
    }

    // Softmax minus target over the number of predictions: the gradient of the mean cross-entropy.
    private static double[] LossGradient(TransformerNetwork network, int[] ids)
    {
        int vocabulary = network.Config.Vocabulary;
        double[] gradient = [.. LogProbabilities.Of(NetworkRun.Of<double>(network, [ids]).Logits, vocabulary).Select(value => Math.Exp(value) / (ids.Length - 1))];
        gradient.AsSpan((ids.Length - 1) * vocabulary).Clear();
        for (int i = 0; i + 1 < ids.Length; i++)
        {
            gradient[(i * vocabulary) + ids[i + 1]] -= 1.0 / (ids.Length - 1);
        }

        return gradient;
    }

    // The library calls ln1 three times, for queries, keys and values, and its gradient hook keeps that of the call which goes back
    // last: the queries'.
    private static double[] QueryShare(TransformerNetwork network, NetworkRun forward, GradientRun run, string name)
    {
        string block = name[..name.IndexOf(".ln1.", StringComparison.Ordinal)];
        BlockWeights weights = network.Weights.Blocks[name["blocks.".Length] - '0'];
        double[] matrix = weights.Attention.Query.Weight.Decode<double>();
        double[] weight = weights.AttentionNorm!.Weight!.Float64.ToArray();
        double[] queries = run.Seen[block + ".attn.hook_q"].Values;
        int width = weight.Length;
        double[] share = [.. Enumerable.Range(0, queries.Length).Select(i => weight[i % width] * Enumerable.Range(0, width).Sum(o => queries[(i / width * width) + o] * matrix[(o * width) + (i % width)]))];
        if (name.EndsWith("hook_normalized", StringComparison.Ordinal))
        {
            return share;
        }

        double[] normalized = forward.Seen[block + ".ln1.hook_normalized"].Values;
        double[] scales = forward.Seen[block + ".ln1.hook_scale"].Values;
        return [.. scales.Select((scale, row) => -Enumerable.Range(row * width, width).Sum(i => share[i] * normalized[i]) / scale)];
    }

    // W_Q is [head, d_model, d_head] there, W_O [head, d_head, d_model], and others [inputs, outputs].
    private static double[] LensLayout(NetworkConfig config, NamedWeight weight, double[] values)
    {
        if (weight.Matrix is not { } matrix || weight.Name.Contains("embed.W_E", StringComparison.Ordinal) || weight.Name.Contains("W_pos", StringComparison.Ordinal))
        {
            return values;
        }

        return PerHead.Any(weight.Name.EndsWith)
            ? [.. values.Chunk(config.DHead * matrix.Columns).SelectMany(head => Transposed(head, matrix.Columns))]
            : [.. Transposed(values, matrix.Columns)];
    }

    private static IEnumerable<double> Transposed(double[] values, int columns) =>
        Enumerable.Range(0, values.Length).Select(i => values[(i % (values.Length / columns) * columns) + (i / (values.Length / columns))]);
}
