using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>Hook points that are computed only when someone asks for them: heads apart from each other, and inputs apart from the stream.</summary>
public sealed class OptionalHookTests
{
    private const double Tolerance = 1e-11;

    public static TheoryData<string> All => Families.All;

    /// <summary>Each family with each of the inputs that heads may have of their own, and what those heads compute from them.</summary>
    public static TheoryData<string, HookKind, HookKind> Inputs
    {
        get
        {
            TheoryData<string, HookKind, HookKind> data = [];
            foreach (string family in Families.All)
            {
                data.Add(family, HookKind.QueryInput, HookKind.Query);
                data.Add(family, HookKind.KeyInput, HookKind.Key);
                data.Add(family, HookKind.ValueInput, HookKind.Value);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Results_of_heads_and_the_bias_sum_to_what_attention_computes(string family)
    {
        TransformerNetwork network = Families.Open(family);
        NetworkConfig config = network.Config;
        NetworkRun run = NetworkRun.Of<double>(network, [Families.Ids], wants: _ => true);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            double[] results = run.Seen[$"blocks.{layer}.attn.hook_result"].Values;
            double[]? bias = network.Weights.Blocks[layer].Attention.Output.Bias?.Float64.ToArray();
            double[] sum = new double[results.Length / config.Heads];
            for (int i = 0; i < sum.Length; i++)
            {
                (int position, int element) = (i / config.DModel, i % config.DModel);
                sum[i] = (bias?[element] ?? 0) + Enumerable.Range(0, config.Heads).Sum(head => results[(((position * config.Heads) + head) * config.DModel) + element]);
            }

            double[] computed = config.PostNorms
                ? BeforeNorm(run.Seen[$"blocks.{layer}.ln1_post.hook_normalized"].Values, run.Seen[$"blocks.{layer}.ln1_post.hook_scale"].Values)
                : run.Seen[$"blocks.{layer}.hook_attn_out"].Values;
            Closeness.Require($"layer {layer}", sum, computed, Tolerance);
        }

        double[] BeforeNorm(double[] normalized, double[] scales) => [.. normalized.Select((value, i) => value * scales[i / config.DModel])];
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Inputs_are_copies_of_the_stream_they_read(string family)
    {
        TransformerNetwork network = Families.Open(family);
        NetworkRun run = NetworkRun.Of<double>(network, [Families.Ids], wants: _ => true);
        int d = network.Config.DModel;
        foreach (HookPoint point in network.Hooks.Points.Where(point => point.Kind is HookKind.AttentionIn or HookKind.QueryInput or HookKind.KeyInput or HookKind.ValueInput))
        {
            double[] stream = run.Seen[$"blocks.{point.Layer}.hook_resid_pre"].Values;
            Recorded input = run.Seen[point.Name];
            Assert.Equal(stream.Chunk(d).SelectMany(position => Enumerable.Repeat(position, input.Shape[2]).SelectMany(copy => copy)), input.Values);
        }

        foreach (HookPoint point in network.Hooks.Points.Where(point => point.Kind == HookKind.MlpIn))
        {
            string read = network.Config.Block == BlockKind.Sequential ? "resid_mid" : "resid_pre";
            Assert.Equal(run.Seen[$"blocks.{point.Layer}.hook_{read}"].Values, run.Seen[point.Name].Values);
        }
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void Changing_one_heads_input_changes_that_head_alone_and_as_the_stream_would(string family, HookKind input, HookKind output)
    {
        TransformerNetwork network = Families.Open(family);
        const int Layer = 1;
        HookPoint edited = network.Hooks.Find(input, Layer)!;
        int heads = edited.Extents[2];
        int chosen = heads - 1;
        HookPoint[] projections = [network.Hooks.Find(HookKind.Query, Layer)!, network.Hooks.Find(HookKind.Key, Layer)!, network.Hooks.Find(HookKind.Value, Layer)!];
        NetworkRun plain = NetworkRun.Of<double>(network, [Families.Ids], wants: projections.Contains);
        HookPoint stream = network.Hooks.Find(HookKind.ResidPre, Layer)!;
        NetworkRun streamChanged = NetworkRun.Of<double>(network, [Families.Ids], wants: point => point == stream || projections.Contains(point), edit: Rotate);
        NetworkRun headChanged = NetworkRun.Of<double>(network, [Families.Ids], wants: point => point == edited || projections.Contains(point), edit: Rotate);
        foreach (HookPoint projection in projections)
        {
            double[] expected = [.. plain.Seen[projection.Name].Values];
            int dHead = network.Config.DHead;
            for (int i = 0; projection.Kind == output && i < expected.Length; i++)
            {
                if (i / dHead % heads == chosen)
                {
                    expected[i] = streamChanged.Seen[projection.Name].Values[i];
                }
            }

            Closeness.Require(projection.Name, expected, headChanged.Seen[projection.Name].Values, Tolerance);
        }

        // A change of direction, which no norm removes.
        void Rotate(HookPoint point, ReadOnlySpan<int> shape, Span<double> values)
        {
            int d = network.Config.DModel;
            for (int row = 0; row < values.Length / d; row++)
            {
                if (point == stream || (point == edited && row % heads == chosen))
                {
                    values.Slice(row * d, d).Reverse();
                }
            }
        }
    }

    [Theory]
    [InlineData("architectures/gpt2")]
    [InlineData("architectures/gpt-neox")]
    [InlineData("transformerlens/attn-only-shortformer")]
    public void Changing_one_heads_attn_in_changes_its_query_key_and_value(string family)
    {
        TransformerNetwork network = Families.Open(family);
        HookKind[] projections = [HookKind.Query, HookKind.Key, HookKind.Value];
        NetworkRun byThree = Run(point => point.Kind is HookKind.QueryInput or HookKind.KeyInput or HookKind.ValueInput);
        NetworkRun byOne = Run(point => point.Kind == HookKind.AttentionIn);
        NetworkRun plain = Run(_ => false);
        foreach (HookPoint point in network.Hooks.Points.Where(point => projections.Contains(point.Kind)))
        {
            Closeness.Require(point.Name, byThree.Seen[point.Name].Values, byOne.Seen[point.Name].Values, Tolerance);
        }

        Closeness.Require("logits", byThree.Logits, byOne.Logits, Tolerance);
        Assert.NotNull(Closeness.Difference("logits", plain.Logits, byOne.Logits, Tolerance));

        NetworkRun Run(Func<HookPoint, bool> edited) => NetworkRun.Of<double>(
            network,
            [Families.Ids],
            wants: point => edited(point) || projections.Contains(point.Kind),
            edit: (point, shape, values) =>
            {
                for (int row = 0; edited(point) && row < values.Length / network.Config.DModel; row += shape[2])
                {
                    values.Slice(row * network.Config.DModel, network.Config.DModel).Reverse();
                }
            });
    }

    [Fact]
    public void Grouped_queries_have_no_attn_in() => Assert.Null(Families.Open("architectures/llama3-gqa-tied").Hooks.Find("blocks.0.hook_attn_in"));

    [Theory]
    [MemberData(nameof(All))]
    public void Removing_a_heads_result_is_removing_its_z(string family)
    {
        TransformerNetwork network = Families.Open(family);
        NetworkRun byResult = Without(HookKind.Result);
        NetworkRun byZ = Without(HookKind.Z);
        Closeness.Require("logits", byZ.Logits, byResult.Logits, Tolerance);

        NetworkRun Without(HookKind kind) => NetworkRun.Of<double>(network, [Families.Ids], wants: point => point.Kind == kind && point.Layer == 0, edit: (_, shape, values) =>
        {
            for (int row = 1; row < shape[1] * shape[2]; row += shape[2])
            {
                values.Slice(row * shape[3], shape[3]).Clear();
            }
        });
    }

    [Theory]
    [InlineData("architectures/gpt2")]
    [InlineData("architectures/gpt-neox")]
    [InlineData("architectures/gemma2")]
    public void Changing_mlp_in_changes_the_mlp_but_not_the_stream(string family)
    {
        TransformerNetwork network = Families.Open(family);
        HookPoint edited = network.Hooks.Find(HookKind.MlpIn, 0)!;
        NetworkRun plain = NetworkRun.Of<double>(network, [Families.Ids], wants: point => !point.Optional);
        NetworkRun changed = NetworkRun.Of<double>(network, [Families.Ids], wants: point => !point.Optional || point == edited, edit: (point, _, values) =>
        {
            if (point == edited)
            {
                values.Reverse();
            }
        });
        string attention = "blocks.0.hook_attn_out";
        Assert.Equal(plain.Seen[attention].Values, changed.Seen[attention].Values);
        Assert.NotNull(Closeness.Difference("mlp", plain.Seen["blocks.0.hook_mlp_out"].Values, changed.Seen["blocks.0.hook_mlp_out"].Values, Tolerance));
        double[] stream = changed.Seen["blocks.0.hook_resid_pre"].Values;
        double[] sum = [.. stream.Select((value, i) => value + changed.Seen[attention].Values[i] + changed.Seen["blocks.0.hook_mlp_out"].Values[i])];
        Closeness.Require("resid_post", sum, changed.Seen["blocks.0.hook_resid_post"].Values, Tolerance);
    }
}
