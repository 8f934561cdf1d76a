using System.Text.Json;
using Cutaway.Analysis;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;
using Cutaway.Testing;

namespace Cutaway.Tests.Analysis;

/// <summary>
/// The graph of GPT-2 small and circuits cut out of it, against published scores of its 32,491 edges (MIB's circuit track) and
/// counts of edges and nodes worked out from them independently; no weights are needed.
/// </summary>
public sealed class EdgeCircuitTests
{
    [SkippableFact]
    public void The_graph_of_GPT2_has_the_published_nodes_and_edges()
    {
        EdgeScores scores = Read();
        Assert.Equal(32_491, scores.Graph.Count);
        Assert.Equal(158, scores.Graph.Sources.Count + 1);
        Assert.Equal(-1.13023, scores.Values.Sum(), 5e-6);
        Assert.Equal(4.82432, scores.Values.Sum(Math.Abs), 5e-6);
        Assert.Equal(
            ["a9.h9→logits", "input→m0", "a10.h7→logits", "a9.h6→logits", "a11.h10→logits", "a9.h9→a11.h10<q>", "a5.h5→a8.h6<v>", "a10.h7→a11.h10<q>", "a10.h0→logits"],
            scores.Ranked().Take(9).Select(edge => edge.Name));
    }

    [SkippableTheory]
    [InlineData(CircuitChoice.Top, 50, 30, 14)]
    [InlineData(CircuitChoice.Top, 100, 66, 20)]
    [InlineData(CircuitChoice.Top, 200, 179, 38)]
    [InlineData(CircuitChoice.Top, 500, 471, 64)]
    [InlineData(CircuitChoice.Top, 1000, 937, 86)]
    [InlineData(CircuitChoice.Top, 2000, 1971, 129)]
    [InlineData(CircuitChoice.Greedy, 50, 42, 17)]
    [InlineData(CircuitChoice.Greedy, 200, 190, 39)]
    [InlineData(CircuitChoice.Greedy, 1000, 967, 87)]
    public void What_is_left_of_chosen_edges_has_the_published_size(CircuitChoice choice, int count, int edges, int nodes)
    {
        EdgeCircuit circuit = EdgeCircuit.Of(Read(), count, choice);
        Assert.Equal((edges, count - edges), (circuit.Edges.Count, circuit.Dropped));

        // The logits are a node that no edge leaves.
        Assert.Equal(nodes, circuit.Sources.Count + 1);
    }

    private static EdgeScores Read()
    {
        EdgeGraph graph = new(new NetworkConfig
        {
            Architecture = "GPT2LMHeadModel",
            Layers = 12,
            DModel = 768,
            Heads = 12,
            KeyValueHeads = 12,
            DHead = 64,
            DMlp = 3072,
            Vocabulary = 50257,
            Context = 1024,
            Norm = NormKind.Layer,
            Positions = PositionKind.Learned,
            Activation = ActivationKind.GeluTanh,
            LayerConfigs = [.. Enumerable.Range(0, 12).Select(_ => new LayerConfig { AttentionScale = 8 })],
        });
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Shared("data", "circuits", "ioi-gpt2-eap-ig.json")));
        double[] values = new double[graph.Sources.Count * graph.Destinations.Count];
        foreach (JsonProperty edge in document.RootElement.GetProperty("edges").EnumerateObject())
        {
            string[] ends = edge.Name.Split("->");
            (int source, int destination) = (graph.Source(ends[0]), graph.Destination(ends[1]));
            Assert.True(graph.IsLegal(source, destination), edge.Name);
            values[(source * graph.Destinations.Count) + destination] = edge.Value.GetProperty("score").GetDouble();
        }

        return new EdgeScores(graph, values);
    }
}
