using Cutaway.Models.Parity;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>Weights that scores and patterns read beside queries and keys: sinks, and biases by bucket of the distance.</summary>
public sealed class ScoreParameterTests
{
    private static readonly int[][] Ids = [RandomNetworks.Ids(12, 1), RandomNetworks.Ids(12, 2)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_gradient_of_a_sink_is_the_central_difference_in_one_sweep_and_in_steps(bool stepped)
    {
        TransformerNetwork network = RandomNetworks.Create("sinks");
        GradientRun run = Gradients(network, stepped);
        for (int layer = 0; layer < network.Config.Layers; layer++)
        {
            double[] gradient = run.Parameters[$"blocks.{layer}.attn.sinks"];
            Check(gradient, (head, change) => Loss(network, weights =>
            {
                BlockWeights[] blocks = [.. weights.Blocks];
                double[] sinks = blocks[layer].Attention.Sinks!.Float64.ToArray();
                sinks[head] += change;
                blocks[layer] = blocks[layer] with { Attention = blocks[layer].Attention with { Sinks = new WeightVector(sinks) } };
                return weights with { Blocks = blocks };
            }));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void So_is_the_gradient_of_a_bias_by_bucket(bool stepped)
    {
        TransformerNetwork network = RandomNetworks.Create("encoder");
        WeightMatrix table = network.Weights.ScoreBias!;
        Check(Gradients(network, stepped).Parameters["score_bias.W"], (index, change) => Loss(network, weights =>
        {
            double[] values = table.Decode<double>();
            values[index] += change;
            return weights with { ScoreBias = WeightMatrix.FromArray(values, table.Rows, table.Columns) };
        }));
    }

    // Distances -200 … 200 in steps of their buckets, from the definition with integers: 8 exact, then each doubling of the distance up to 128 takes 8/4 buckets.
    [Theory]
    [InlineData(true, 0, 0)]
    [InlineData(true, -7, 7)]
    [InlineData(true, 7, 23)]
    [InlineData(true, -8, 8)]
    [InlineData(true, -15, 9)]
    [InlineData(true, -16, 10)]
    [InlineData(true, 16, 26)]
    [InlineData(true, -31, 11)]
    [InlineData(true, -32, 12)]
    [InlineData(true, -64, 14)]
    [InlineData(true, -127, 15)]
    [InlineData(true, -200, 15)]
    [InlineData(true, 200, 31)]
    [InlineData(false, 5, 0)]
    [InlineData(false, -15, 15)]
    [InlineData(false, -16, 16)]
    [InlineData(false, -127, 31)]
    [InlineData(false, -5000, 31)]
    public void Distances_fall_into_exact_and_then_logarithmic_buckets(bool bothWays, int distance, int bucket) =>
        Assert.Equal(bucket, new RelativeBuckets(32, 128, bothWays).Of(distance));

    private static GradientRun Gradients(TransformerNetwork network, bool stepped) =>
        GradientRun.OfLoss<double>(network, Ids, stepped ? point => point.Kind == HookKind.Pattern : null);

    private static void Check(double[] gradient, Func<int, double, double> loss)
    {
        const double step = 1e-5;
        for (int i = 0; i < gradient.Length; i++)
        {
            Assert.Equal((loss(i, step) - loss(i, -step)) / (2 * step), gradient[i], 1e-8);
        }

        // Nothing falls into the bucket of distance 0 for keys after the query.
        Assert.True(gradient.Count(value => value == 0) * RandomNetworks.Create("encoder").Config.ScoreBuckets!.Count <= gradient.Length);
    }

    private static double Loss(TransformerNetwork network, Func<NetworkWeights, NetworkWeights> change) =>
        GradientRun.OfLoss<double>(new TransformerNetwork(network.Config, change(network.Weights)), Ids, parameters: false).Loss;
}
