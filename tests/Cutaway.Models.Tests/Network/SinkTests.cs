using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>Sinks: a score of each head that takes its share of the pattern's weight and has no value.</summary>
public sealed class SinkTests
{
    private static readonly int[][] Ids = [RandomNetworks.Ids(12, 1), RandomNetworks.Ids(12, 2)];

    private static readonly bool[][] Mask = [[.. Enumerable.Range(0, 12).Select(i => i >= 3)], [.. Enumerable.Range(0, 12).Select(i => i < 10)]];

    [Fact]
    public void A_pattern_is_the_softmax_of_scores_and_sink_without_the_sinks_place()
    {
        TransformerNetwork network = RandomNetworks.Create("sinks");
        NetworkRun run = NetworkRun.Of<double>(network, Ids, Mask, point => point.Kind is HookKind.AttentionScores or HookKind.Pattern or HookKind.Z);
        NetworkRun swept = NetworkRun.Of<double>(network, Ids, Mask, point => point.Kind == HookKind.Z);
        for (int layer = 0; layer < network.Config.Layers; layer++)
        {
            ReadOnlySpan<double> sinks = network.Weights.Blocks[layer].Attention.Sinks!.Float64;
            double[] scores = run.Seen[$"blocks.{layer}.attn.hook_attn_scores"].Values;
            double[] pattern = run.Seen[$"blocks.{layer}.attn.hook_pattern"].Values;
            for (int row = 0; row < scores.Length / 12; row++)
            {
                double[] weights = Array.ConvertAll(scores[(row * 12)..((row + 1) * 12)], Math.Exp);
                double sum = weights.Sum() + Math.Exp(sinks[row / 12 % 4]);
                for (int key = 0; key < 12; key++)
                {
                    Assert.Equal(weights[key] / sum, pattern[(row * 12) + key], 1e-14);
                }
            }

            // In one sweep as step by step, wherever a query sees a key.
            Closeness.Require("z", run.Seen[$"blocks.{layer}.attn.hook_z"].Values, swept.Seen[$"blocks.{layer}.attn.hook_z"].Values, 1e-12);
        }
    }
}
