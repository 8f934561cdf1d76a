using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

public sealed class PatternTests
{
    public static TheoryData<string> All => Families.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Rows_sum_to_one_and_masked_places_are_zero(string family)
    {
        TransformerNetwork network = Families.Open(family);
        int length = Families.Ids.Length;
        bool[] whole = [.. Enumerable.Repeat(true, length)];
        bool[][] mask = [whole, [false, false, .. whole[2..]], [.. whole[..^3], false, false, false]];
        NetworkRun run = NetworkRun.Of<double>(network, [Families.Ids, Families.Ids, Families.Ids], mask, point => point.Kind is HookKind.Pattern or HookKind.AttentionScores);
        for (int layer = 0; layer < network.Config.Layers; layer++)
        {
            int window = network.Config.LayerConfigs[layer].Window ?? int.MaxValue;
            double[] pattern = run.Seen[$"blocks.{layer}.attn.hook_pattern"].Values;
            double[] scores = run.Seen[$"blocks.{layer}.attn.hook_attn_scores"].Values;
            for (int row = 0; row < pattern.Length / length; row++)
            {
                (int query, bool[] real) = (row % length, mask[row / length / network.Config.Heads]);
                double sum = 0;
                for (int key = 0; key < length; key++)
                {
                    int place = (row * length) + key;
                    bool seen = key <= query && query - key < window && real[key];
                    Assert.Equal(seen, pattern[place] > 0);
                    Assert.Equal(seen, !double.IsNegativeInfinity(scores[place]));
                    sum += pattern[place];
                }

                // A query that sees no key at all, as padding on the left, attends to nothing.
                bool any = Enumerable.Range(0, query + 1).Any(key => real[key] && query - key < window);
                Assert.Equal(any ? 1 : 0, sum, 1e-12);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_pattern_is_the_softmax_of_its_scores_and_z_its_mix_of_values(string family)
    {
        TransformerNetwork network = Families.Open(family);
        NetworkConfig config = network.Config;
        int length = Families.Ids.Length;
        NetworkRun run = NetworkRun.Of<double>(network, [Families.Ids], wants: point => !point.Optional);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            double[] scores = run.Seen[$"blocks.{layer}.attn.hook_attn_scores"].Values;
            double[] pattern = run.Seen[$"blocks.{layer}.attn.hook_pattern"].Values;
            double[] values = run.Seen[$"blocks.{layer}.attn.hook_v"].Values;
            double[] z = run.Seen[$"blocks.{layer}.attn.hook_z"].Values;
            Closeness.Require("pattern", Array.ConvertAll(LogProbabilities.Of(scores, length), Math.Exp), pattern, 1e-12);
            double[] mixed = new double[z.Length];
            for (int i = 0; i < mixed.Length; i++)
            {
                int element = i % config.DHead;
                int head = i / config.DHead % config.Heads;
                int query = i / config.DHead / config.Heads;
                int keyHead = head / (config.Heads / config.KeyValueHeads);
                mixed[i] = Enumerable.Range(0, length).Sum(key =>
                    pattern[(((head * length) + query) * length) + key] * values[(((key * config.KeyValueHeads) + keyHead) * config.DHead) + element]);
            }

            Closeness.Require("z", mixed, z, 1e-12);
        }
    }
}
