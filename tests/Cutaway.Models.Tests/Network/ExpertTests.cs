using Cutaway.Models.Parity;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>Mixtures of experts: what is computed, and what an intervention at the router does.</summary>
public sealed class ExpertTests
{
    private const string Logits = "blocks.0.mlp.hook_router_logits", Indices = "blocks.0.mlp.hook_expert_indices", Weights = "blocks.0.mlp.hook_expert_weights";

    private static readonly int[] Ids = RandomNetworks.Ids(9, 4);

    [Fact]
    public void An_expert_whose_logit_is_minus_infinity_is_as_if_it_were_not_there()
    {
        const int Gone = 1;
        TransformerNetwork network = RandomNetworks.Create("mixture");
        Assert.Contains(Gone, NetworkRun.Of<double>(network, [Ids], wants: point => point.Name == Indices).Seen[Indices].Values);
        NetworkRun ablated = NetworkRun.Of<double>(network, [Ids], wants: point => point.Name is Logits or Indices, edit: (point, _, values) =>
        {
            for (int i = Gone; point.Name == Logits && i < values.Length; i += 6)
            {
                values[i] = double.NegativeInfinity;
            }
        });
        Assert.DoesNotContain(Gone, ablated.Seen[Indices].Values);

        ExpertWeights experts = network.Weights.Blocks[0].Experts!;
        int[] left = [.. Enumerable.Range(0, 6).Where(expert => expert != Gone)];
        ExpertWeights fewer = experts with { Router = new(experts.Router.Weight.SelectRows(left)), Experts = [.. left.Select(expert => experts.Experts[expert])] };
        LayerConfig layer = network.Config.LayerConfigs[0];
        TransformerNetwork without = new(
            network.Config with { LayerConfigs = [layer with { Experts = layer.Experts! with { Count = 5 } }, network.Config.LayerConfigs[1]] },
            network.Weights with { Blocks = [network.Weights.Blocks[0] with { Experts = fewer }, network.Weights.Blocks[1]] });
        Closeness.Require("logits", NetworkRun.Of<double>(without, [Ids]).Logits, ablated.Logits, 1e-12);
    }

    [Fact]
    public void Experts_that_no_position_chose_are_not_read()
    {
        TransformerNetwork network = RandomNetworks.Create("mixture");
        NetworkRun plain = NetworkRun.Of<double>(network, [Ids[..1]], wants: point => point.Kind == HookKind.ExpertIndices);
        double[] expected = plain.Logits;
        TransformerNetwork poisoned = new(network.Config, network.Weights with
        {
            Blocks = [.. network.Weights.Blocks.Select((block, layer) => block with { Experts = block.Experts! with { Experts = [.. block.Experts!.Experts.Select((expert, i) => Left(layer, i) ? expert : Poison(expert))] } })],
        });
        Assert.Equal(expected, NetworkRun.Of<double>(poisoned, [Ids[..1]]).Logits);

        bool Left(int layer, int expert) => plain.Seen[$"blocks.{layer}.mlp.hook_expert_indices"].Values.Contains(expert);

        static MlpWeights Poison(MlpWeights expert) => expert with
        {
            Out = new(WeightMatrix.FromArray(Enumerable.Repeat(double.NaN, expert.Out.Weight.Rows * expert.Out.Weight.Columns).ToArray(), expert.Out.Weight.Rows, expert.Out.Weight.Columns)),
        };
    }

    [Fact]
    public void Weights_of_zero_leave_what_the_shared_expert_writes()
    {
        TransformerNetwork network = RandomNetworks.Create("mixture");
        const string Out = "blocks.0.hook_mlp_out";
        double[] silent = Written(network, (point, _, values) =>
        {
            if (point.Name == Weights)
            {
                values.Clear();
            }
        });
        BlockWeights block = network.Weights.Blocks[0];
        TransformerNetwork mute = new(network.Config, network.Weights with
        {
            Blocks = [block with { Experts = block.Experts! with { Experts = [.. block.Experts!.Experts.Select(expert => expert with { Out = new(Zeros(expert.Out.Weight)) })] } }, network.Weights.Blocks[1]],
        });
        Closeness.Require(Out, Written(mute, null), silent, 1e-14);

        static double[] Written(TransformerNetwork network, HookRecorder<double>.Change? edit) =>
            NetworkRun.Of<double>(network, [Ids], wants: point => point.Name is Weights or Out, edit: edit).Seen[Out].Values;

        static WeightMatrix Zeros(WeightMatrix matrix) => WeightMatrix.FromArray(new double[matrix.Rows * matrix.Columns], matrix.Rows, matrix.Columns);
    }

    [Theory]
    [InlineData("mixture")]
    [InlineData("latent")]
    public void A_sequence_has_the_same_bits_alone_and_among_others(string name)
    {
        TransformerNetwork network = RandomNetworks.Create(name);
        float[] alone = Run(1);
        Assert.Equal(alone, Run(5)[..alone.Length]);

        float[] Run(int batch)
        {
            ForwardPass<float> pass = new(network);
            pass.Run(new ForwardRequest((int[])[.. Ids, .. RandomNetworks.Ids((batch - 1) * Ids.Length, 8)], batch, Ids.Length));
            return pass.Logits.ToArray();
        }
    }

    [Theory]
    [InlineData(1.5)]
    [InlineData(6)]
    [InlineData(-1)]
    public void A_choice_that_is_no_expert_is_refused(double choice)
    {
        TransformerNetwork network = RandomNetworks.Create("mixture");
        CutawayException error = Assert.Throws<CutawayException>(() =>
            NetworkRun.Of<double>(network, [Ids], wants: point => point.Name == Indices, edit: (_, _, values) => values[0] = choice));
        Assert.Contains("different whole numbers from 0 to 5", error.Message, StringComparison.Ordinal);
    }
}
