using Cutaway.Analysis;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Analysis;

public sealed class EdgeGraphTests
{
    [Fact]
    public void Nodes_and_legal_edges_of_the_tiny_model_equal_the_golden()
    {
        EdgeGolden golden = new();
        EdgeGraph graph = golden.Graph;
        Assert.Equal(golden.Names("sources"), graph.Sources.Select(source => source.Name));
        Assert.Equal(golden.Names("destinations"), graph.Destinations.Select(destination => destination.Name));
        long[] legal = golden.Numbers.Integers("legal");
        Assert.Equal(legal.Sum(), graph.Count);
        Assert.Equal(
            legal.Select(edge => edge != 0),
            graph.Sources.SelectMany((_, source) => graph.Destinations.Select((_, destination) => graph.IsLegal(source, destination))));
    }

    // Syed et al. 2023 count 32 491 edges with the shape of GPT-2 small.
    [Fact]
    public void A_network_of_twelve_layers_and_heads_has_as_many_edges_as_published()
    {
        NetworkConfig small = TestModels.TinyGpt2().Config with { Layers = 12, Heads = 12, KeyValueHeads = 12 };
        EdgeGraph graph = new(small);
        Assert.Equal(158 - 1, graph.Sources.Count);
        Assert.Equal(445, graph.Destinations.Count);
        Assert.Equal(32491, graph.Count);
    }

    [Fact]
    public void Grouped_keys_belong_to_every_query_head_of_their_group()
    {
        EdgeGraph graph = new(TestModels.Random().Config);
        EdgeDestination key = graph.Destinations[graph.Destination("a1.h1<k>")];
        Assert.Equal(["a1.h2", "a1.h3"], graph.NodesOf(key).Select(source => graph.Sources[source].Name));
        Assert.Throws<CutawayException>(() => graph.Destination("a1.h2<k>"));
    }

    [Fact]
    public void In_a_parallel_block_the_mlp_does_not_read_its_own_layers_heads()
    {
        EdgeGraph graph = new(TestModels.Random(config => config with { Block = BlockKind.Parallel }).Config);
        Assert.False(graph.IsLegal(graph.Source("a1.h0"), graph.Destination("m1")));
        Assert.True(graph.IsLegal(graph.Source("m0"), graph.Destination("m1")));
    }

    [Fact]
    public void Heads_whose_sum_is_normalised_before_it_is_added_have_no_edges() =>
        Assert.Contains("path-patching", Assert.Throws<CutawayException>(() => new EdgeGraph(TestModels.Random(config => config with { NormPlacement = NormPlacement.BeforeAndAfter }).Config)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float32)]
    public void Edges_patched_for_real_equal_the_golden(DType dtype)
    {
        EdgeGolden golden = new(dtype);
        EdgeGraph graph = golden.Graph;
        (int Source, int Destination)[] edges = [.. Enumerable.Range(0, graph.Sources.Count).SelectMany(s => Enumerable.Range(0, graph.Destinations.Count).Where(d => graph.IsLegal(s, d)).Select(d => (s, d)))];
        double[] effects = ExactEdges.Effects(golden.Model, golden.Pairs, golden.Metric, graph, edges, default);
        double[] all = new double[graph.Sources.Count * graph.Destinations.Count];
        for (int i = 0; i < edges.Length; i++)
        {
            all[(edges[i].Source * graph.Destinations.Count) + edges[i].Destination] = effects[i];
        }

        golden.AssertClose("exact", all);
    }
}
