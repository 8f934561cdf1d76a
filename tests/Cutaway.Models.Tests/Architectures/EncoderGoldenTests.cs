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
        ParityGroup[] groups = [.. GoldenFolder.Compare(Fixtures.Shared("goldens", "architectures", "bert"))];
        Assert.Equal([("output", 6), ("float64", 5)], groups.Select(group => (group.Name, group.Comparisons.Count)));
        Closeness.Require(groups.SelectMany(group => group.Comparisons).Select(comparison => comparison.Fault));
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
}
