using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>Gradients at every hook point against central differences in double precision: every operation of the pass, in its steps and in one sweep.</summary>
public sealed class GradientDifferenceTests
{
    private const double Step = 1e-6;

    [Theory]
    [MemberData(nameof(Families.All), MemberType = typeof(Families))]
    public void The_gradient_at_every_hook_point_equals_the_central_difference(string folder) => Check(Families.Open(folder), [Families.Ids], null);

    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void So_it_does_through_every_kind_of_wiring_with_padding(string name)
    {
        bool[] left = [.. Enumerable.Range(0, 12).Select(i => i >= 3)];
        bool[] right = [.. Enumerable.Range(0, 12).Select(i => i < 10)];
        Check(RandomNetworks.Create(name), [RandomNetworks.Ids(12, 1), RandomNetworks.Ids(12, 2)], [left, right]);
    }

    [Theory]
    [MemberData(nameof(Families.All), MemberType = typeof(Families))]
    public void Hooks_that_look_on_change_no_gradient(string folder)
    {
        TransformerNetwork network = Families.Open(folder);
        double[] weights = Weights(network.Config.Vocabulary);
        GradientRun swept = GradientRun.OfLogits<double>(network, [Families.Ids], null, weights, null, parameters: true, LogitScope.Last);
        GradientRun stepped = GradientRun.OfLogits<double>(network, [Families.Ids], null, weights, _ => true, parameters: true, LogitScope.Last);
        Assert.All(swept.Parameters, entry => Closeness.Require(entry.Key, entry.Value, stepped.Parameters[entry.Key], 1e-11));
    }

    [Theory]
    [MemberData(nameof(Families.All), MemberType = typeof(Families))]
    public void Blocks_that_are_run_again_change_no_gradient(string folder)
    {
        TransformerNetwork network = Families.Open(folder);
        double[] weights = Weights(network.Config.Vocabulary);
        GradientRun held = GradientRun.OfLogits<double>(network, [Families.Ids], null, weights, _ => true, parameters: true, LogitScope.Last);
        GradientRun again = GradientRun.OfLogits<double>(network, [Families.Ids], null, weights, _ => true, parameters: true, LogitScope.Last, checkpoints: true);
        Assert.All(held.Seen, entry => Assert.Equal(entry.Value.Values, again.Seen[entry.Key].Values));
        Assert.All(held.Parameters, entry => Assert.Equal(entry.Value, again.Parameters[entry.Key]));

        // Nothing before the last block is asked for, so nothing before it is run again.
        string last = $"blocks.{network.Config.Layers - 1}.hook_resid_pre";
        GradientRun end = GradientRun.OfLogits<double>(network, [Families.Ids], null, weights, point => point.Name == last, scope: LogitScope.Last, checkpoints: true);
        Assert.All(held.Seen[last].Values.Zip(end.Seen[last].Values), pair => Assert.Equal(pair.First, pair.Second, 1e-11));
    }

    private static void Check(TransformerNetwork network, int[][] ids, bool[][]? mask)
    {
        double[] weights = Weights(ids.Length * ids[0].Length * network.Config.Vocabulary);
        // Which experts are chosen is no smooth matter.
        foreach (HookPoint point in network.Hooks.Points.Where(point => point.Kind != HookKind.ExpertIndices))
        {
            // Asked for one at a time, so that the rest of the pass goes the way it goes without hooks.
            Recorded gradient = GradientRun.OfLogits<double>(network, ids, mask, weights, p => p == point).Seen[point.Name];
            double[] direction = Weights(gradient.Values.Length);
            double expected = (Value(Step) - Value(-Step)) / (2 * Step);
            double found = gradient.Values.Zip(direction, (g, d) => g * d).Sum();
            double scale = Math.Sqrt(gradient.Values.Sum(g => g * g) * direction.Sum(d => d * d));
            Assert.True(Math.Abs(found - expected) <= 1e-6 * (1 + scale), $"{point.Name}: {found}, {expected} was expected");
            Assert.True(scale > 0, $"{point.Name}: the gradient is zero");

            double Value(double step)
            {
                NetworkRun run = NetworkRun.Of<double>(network, ids, mask, p => p == point, (_, _, values) =>
                {
                    for (int i = 0; i < values.Length; i++)
                    {
                        values[i] += step * direction[i];
                    }
                });
                return run.Logits.Zip(weights, (l, w) => l * w).Sum();
            }
        }
    }

    private static double[] Weights(int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)];
    }
}
