using System.Numerics;
using System.Numerics.Tensors;
using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

/// <summary>A real model from its Q4_1 file against fp64 references (<c>goldens/smollm2</c>); these tests skip where the shared folder is absent.</summary>
public sealed class SmolLm2Tests
{
    private const double SinglePrecision = 3e-4;
    private const double DoublePrecision = 1e-5;

    private static readonly int[] PatternLayers = [0, 5, 15, 29];
    private static readonly string[] Compared =
    [
        "last_logits", "log_probs_of_next", "top5_ids", "top5_log_probs", "resid_last", "resid_norms", "patterns", "mlp_post_layer7_last", "z_layer11", "rot_q_layer3", "rot_k_layer3",
    ];

    private static readonly Lazy<TransformerNetwork> Network = new(() => NetworkRun.Load(ModelPath));

    public static TheoryData<string> Prompts { get; } = ["ioi", "fact", "code", "chat", "passage"];

    private static string ModelPath => Fixtures.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");

    [SkippableFact]
    public void Dequantised_weights_have_the_sums_of_the_reference()
    {
        JsonElement weights = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Shared("goldens", "smollm2", "weights.json"))).RootElement.GetProperty("weights");
        GgufFile file = GgufFile.Open(ModelPath);
        foreach (JsonProperty expected in weights.EnumerateObject())
        {
            StoredTensor tensor = file.Tensors[expected.Name];
            double[] values = tensor.ToDoubles();
            Assert.Equal(expected.Value.GetProperty("shape").Deserialize<long[]>()!, tensor.Shape);
            Assert.Equal(expected.Value.GetProperty("first").Deserialize<double[]>()!, values[..4]);
            double squares = TensorPrimitives.SumOfSquares<double>(values);
            Closeness.Require(
                expected.Name,
                [expected.Value.GetProperty("sum").GetDouble(), expected.Value.GetProperty("sum_of_squares").GetDouble()],
                [TensorPrimitives.Sum<double>(values), squares],
                1e-12 * values.Length);
        }

        Assert.Equal(file.Tensors.Count, weights.EnumerateObject().Count());
    }

    [SkippableTheory]
    [MemberData(nameof(Prompts))]
    public void Single_precision_stays_within_3e_4(string prompt) => CompareForward<float>(prompt, SinglePrecision);

    [SkippableTheory]
    [MemberData(nameof(Prompts))]
    public void Double_precision_stays_within_1e_5(string prompt) => CompareForward<double>(prompt, DoublePrecision);

    private static void CompareForward<T>(string prompt, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TransformerNetwork network = Network.Value;
        (int dModel, int layers, int vocabulary) = (network.Config.DModel, network.Config.Layers, network.Config.Vocabulary);
        JsonElement notes = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Shared("goldens", "smollm2", "forward.json"))).RootElement;
        int[] ids = notes.GetProperty("prompts").GetProperty(prompt).GetProperty("ids").Deserialize<int[]>()!;
        Dictionary<string, StoredTensor> expected = SafetensorsFile.Open(Fixtures.Shared("goldens", "smollm2", "forward.safetensors")).Tensors
            .Where(entry => entry.Key.StartsWith(prompt + "/", StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key[(prompt.Length + 1)..], entry => entry.Value);
        Assert.Empty(expected.Keys.Except(Compared));

        HookKind[] kinds = [HookKind.ResidPre, HookKind.ResidPost, HookKind.Pattern, HookKind.MlpPost, HookKind.Z, HookKind.RotatedQuery, HookKind.RotatedKey];
        NetworkRun run = NetworkRun.Of<T>(network, [ids], wants: point => kinds.Contains(point.Kind));
        double[] logProbabilities = LogProbabilities.Of(run.Logits, vocabulary);
        double[][] residuals = [run.Seen["blocks.0.hook_resid_pre"].Values, .. Enumerable.Range(0, layers).Select(layer => run.Seen[$"blocks.{layer}.hook_resid_post"].Values)];
        int[] best = [.. Enumerable.Range(0, ids.Length).SelectMany(position => Best(logProbabilities.AsSpan(position * vocabulary, vocabulary), 5))];

        Closeness.Require(
        [
            Closeness.Difference("last_logits", expected["last_logits"].ToDoubles(), run.Logits.AsSpan((ids.Length - 1) * vocabulary), tolerance, absolute: true),
            Compare("log_probs_of_next", [.. Enumerable.Range(0, ids.Length - 1).Select(position => logProbabilities[(position * vocabulary) + ids[position + 1]])]),
            Compare("top5_log_probs", [.. best.Select((id, i) => logProbabilities[(i / 5 * vocabulary) + id])]),
            Compare("resid_last", [.. residuals.SelectMany(values => values[^dModel..])]),
            Compare("resid_norms", [.. residuals.SelectMany(values => values.Chunk(dModel).Select(stream => Math.Sqrt(stream.Sum(value => value * value))))]),
            Compare("patterns", [.. PatternLayers.SelectMany(layer => run.Seen[$"blocks.{layer}.attn.hook_pattern"].Values)]),
            Compare("mlp_post_layer7_last", run.Seen["blocks.7.mlp.hook_post"].Values[^network.Config.DMlp..]),
            Compare("z_layer11", run.Seen["blocks.11.attn.hook_z"].Values),
            Compare("rot_q_layer3", run.Seen["blocks.3.attn.hook_rot_q"].Values),
            Compare("rot_k_layer3", run.Seen["blocks.3.attn.hook_rot_k"].Values),
        ]);
        Assert.Equal(expected["top5_ids"].ToIntegers(), best.Select(id => (long)id));

        string? Compare(string name, double[] found) => expected.TryGetValue(name, out StoredTensor? reference)
            ? Closeness.Difference(name, reference.ToDoubles(), found, tolerance)
            : null;
    }

    private static int[] Best(ReadOnlySpan<double> values, int count)
    {
        double[] kept = values.ToArray();
        return [.. Enumerable.Range(0, kept.Length).OrderByDescending(id => kept[id]).Take(count)];
    }
}
