using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>What a hook sees and what a change at it does, by properties that hold in every network.</summary>
public sealed class HookTests
{
    private const double Tolerance = 1e-11;

    public static TheoryData<string> All => Families.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Looking_changes_nothing(string family)
    {
        TransformerNetwork network = Families.Open(family);
        double[] unobserved = NetworkRun.Of<double>(network, [Families.Ids]).Logits;
        Closeness.Require("all hooks", unobserved, NetworkRun.Of<double>(network, [Families.Ids], wants: _ => true).Logits, Tolerance);
        Assert.All(network.Hooks.Points, point =>
            Closeness.Require(point.Name, unobserved, NetworkRun.Of<double>(network, [Families.Ids], wants: other => other == point).Logits, Tolerance));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_hook_point_fires_once_with_the_extents_it_declares(string family)
    {
        TransformerNetwork network = Families.Open(family);
        NetworkRun run = NetworkRun.Of<double>(network, [Families.Ids, Families.Ids], wants: _ => true);
        Assert.Equal(network.Hooks.Points.Select(point => point.Name), run.Order);
        Assert.All(network.Hooks.Points, point =>
        {
            int[] shape = run.Seen[point.Name].Shape;
            int[] expected = [.. point.Axes.Zip(point.Extents, (axis, extent) => axis switch { "batch" => 2, "pos" or "query" or "key" => Families.Ids.Length, _ => extent })];
            Assert.Equal(expected, shape);
            Assert.Equal(run.Seen[point.Name].Values.Length, expected.Aggregate((product, extent) => product * extent));
        });
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_change_at_any_hook_point_reaches_the_logits(string family)
    {
        TransformerNetwork network = Families.Open(family);
        double[] before = NetworkRun.Of<double>(network, [Families.Ids]).Logits;
        Assert.All(network.Hooks.Points, point =>
        {
            double[] after = NetworkRun.Of<double>(network, [Families.Ids], wants: other => other == point, edit: Disturb).Logits;
            Assert.True(before.Zip(after, (a, b) => Math.Abs(a - b)).Max() > 1e-6, $"{point.Name} is dead");
        });

        static void Disturb(HookPoint point, ReadOnlySpan<int> shape, Span<double> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (values[i] * (1.5 + (i % 3))) + 0.25;
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_run_that_stops_early_sees_the_same_values_and_goes_no_further(string family)
    {
        TransformerNetwork network = Families.Open(family);
        NetworkRun whole = NetworkRun.Of<double>(network, [Families.Ids], wants: point => !point.Optional);
        ForwardPass<double> pass = new(network);
        foreach (HookPoint point in network.Hooks.Points.Where(point => !point.Optional))
        {
            HookRecorder<double> recorder = new(network.Hooks, other => other == point);
            pass.Run(new ForwardRequest(Families.Ids, 1, Families.Ids.Length) { Logits = LogitScope.None }, recorder);
            Closeness.Require(point.Name, whole.Seen[point.Name].Values, recorder.Seen[point.Name].Values, Tolerance);
            Assert.True(point.Kind == HookKind.UnembedOut || pass.Logits.IsEmpty);
            HookPoint? next = point.Layer < 0 ? null : network.Hooks.Find(point.Kind == HookKind.ResidPre ? HookKind.Query : HookKind.ResidPre, point.Layer + (point.Kind == HookKind.ResidPre ? 0 : 1));
            Assert.True(next is null || recorder.Reached < next.Index, $"{point.Name} did not stop its run");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Scaling_a_norms_scale_divides_what_it_normalises(string family)
    {
        TransformerNetwork network = Families.Open(family);
        NetworkRun before = NetworkRun.Of<double>(network, [Families.Ids], wants: point => true);
        HookPoint[] scales = [.. network.Hooks.Points.Where(point => point.Name.EndsWith("hook_scale", StringComparison.Ordinal))];
        Assert.All(scales, scale =>
        {
            HookPoint normalized = network.Hooks.Points[scale.Index + 1];
            NetworkRun after = NetworkRun.Of<double>(network, [Families.Ids], wants: point => point == scale || point == normalized, edit: (point, _, values) =>
            {
                for (int i = 0; point == scale && i < values.Length; i++)
                {
                    values[i] *= 4;
                }
            });
            Closeness.Require(scale.Name, Array.ConvertAll(before.Seen[normalized.Name].Values, value => value / 4), after.Seen[normalized.Name].Values, Tolerance);
        });
    }
}
