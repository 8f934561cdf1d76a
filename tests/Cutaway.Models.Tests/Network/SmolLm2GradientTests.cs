using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

/// <summary>The gradient of the IOI logit difference on the real model, through its quantised weights, against an fp64 reference.</summary>
public sealed class SmolLm2GradientTests
{

    [SkippableFact]
    public void The_gradient_at_the_last_position_of_every_residual_stream_equals_the_reference()
    {
        TransformerNetwork network = NetworkRun.Load(Fixtures.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        JsonElement notes = JsonDocument.Parse(File.ReadAllText(Fixtures.Shared("goldens", "smollm2", "attribution.json"))).RootElement;
        int[] ids = notes.GetProperty("corrupted").Deserialize<int[]>()!;
        int width = network.Config.DModel;
        double[] reference = SafetensorsFile.Open(Fixtures.Shared("goldens", "smollm2", "attribution.safetensors")).Tensors["grad_resid_pre_last"].ToDoubles();
        double[] weights = new double[network.Config.Vocabulary];
        JsonElement patching = JsonDocument.Parse(File.ReadAllText(Fixtures.Shared("goldens", "smollm2", "patching.json"))).RootElement;
        double span = patching.GetProperty("logit_diff_clean").GetDouble() - patching.GetProperty("logit_diff_corrupted").GetDouble();
        (weights[patching.GetProperty("answer").GetInt32()], weights[patching.GetProperty("wrong").GetInt32()]) = (1 / span, -1 / span);
        GradientRun run = GradientRun.OfLogits<float>(network, [ids], null, weights, point => point.Kind == HookKind.ResidPre, scope: LogitScope.Last);
        for (int layer = 0; layer < network.Config.Layers; layer++)
        {
            double[] expected = reference[(layer * width)..((layer + 1) * width)];
            Closeness.Require(
                $"layer {layer}", expected, run.Seen[$"blocks.{layer}.hook_resid_pre"].Values.AsSpan()[^width..], 2e-4 * expected.Max(Math.Abs));
        }
    }
}
