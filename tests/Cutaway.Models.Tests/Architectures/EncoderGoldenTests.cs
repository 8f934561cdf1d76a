using System.Numerics;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>BERT against what Hugging Face computes on a tiny random checkpoint, and the real MiniLM.</summary>
public sealed class EncoderGoldenTests
{
    [SkippableFact]
    public void States_patterns_and_logits_of_bert_equal_the_reference()
    {
        Compare<float>("output/", 2e-5);
        Compare<double>("float64/", 1e-9);
    }

    [SkippableFact]
    public void States_of_the_real_MiniLM_equal_the_reference()
    {
        TransformerNetwork network = NetworkRun.Load(Fixtures.Shared("models", "all-minilm-l6-v2"));
        SafetensorsFile golden = SafetensorsFile.Open(Fixtures.Shared("goldens", "minilm", "golden.safetensors"));
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Fixtures.Shared("goldens", "minilm", "golden.json")));
        int[] ids = [.. document.RootElement.GetProperty("input_ids")[0].EnumerateArray().Select(id => id.GetInt32())];
        HookRecorder<float> recorder = new(network.Hooks, point => point.Name is "blocks.5.hook_normalized_resid_post" or "blocks.0.hook_resid_pre");
        new ForwardPass<float>(network).Run(new ForwardRequest(ids, 1, ids.Length) { Logits = LogitScope.None }, recorder);
        Closeness.Require("first states", golden.Tensors["hidden_0_first_sentence"].ToDoubles().AsSpan(0, ids.Length * 384), recorder.Seen["blocks.0.hook_resid_pre"].Values, 1e-5);
        Closeness.Require("last states", golden.Tensors["hidden_6_first_sentence"].ToDoubles().AsSpan(0, ids.Length * 384), recorder.Seen["blocks.5.hook_normalized_resid_post"].Values, 1e-5);
    }

    private static void Compare<T>(string prefix, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        string folder = Fixtures.Shared("goldens", "architectures", "bert");
        TransformerNetwork network = NetworkRun.Load(folder);
        IReadOnlyDictionary<string, StoredTensor> golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors")).Tensors;
        int[] ids = Integers("input/input_ids");
        bool[] mask = [.. Integers("input/attention_mask").Select(value => value == 1)];
        int length = (int)golden["input/input_ids"].Shape[1];
        HookRecorder<T> recorder = new(network.Hooks, _ => true);
        ForwardPass<T> pass = new(network);
        pass.Run(new ForwardRequest(ids, ids.Length / length, length) { AttentionMask = mask, TokenTypes = Integers("input/token_type_ids") }, recorder);
        foreach ((string name, StoredTensor tensor) in golden.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            string what = name[prefix.Length..];
            double[] found = what switch
            {
                "logits" => NetworkRun.ToDoubles(pass.Logits),
                "hidden_states.2" => recorder.Seen["blocks.1.hook_normalized_resid_post"].Values,
                _ when what.StartsWith("hidden_states.", StringComparison.Ordinal) => recorder.Seen[$"blocks.{what[^1]}.hook_resid_pre"].Values,
                _ => recorder.Seen[$"blocks.{what[^1]}.attn.hook_pattern"].Values,
            };
            bool attention = what.StartsWith("attentions", StringComparison.Ordinal);
            double[] expected = tensor.ToDoubles();
            int width = expected.Length / mask.Length;

            // Rows of padding attend to real tokens, and what they hold counts for nothing.
            Closeness.Require([Closeness.Difference(what, expected, found, tolerance, i => attention ? mask[(i / length % length) + (i / (expected.Length / (mask.Length / length)) * length)] : mask[i / width])]);
        }

        int[] Integers(string name) => [.. golden[name].ToIntegers().Select(value => (int)value)];
    }
}
