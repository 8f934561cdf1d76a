using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors;
using Cutaway.Tests.Analysis;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>The edge attribution methods against values computed straight from their formulas.</summary>
public sealed class EdgeAttributionTests
{
    [Theory]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float32)]
    public void Eap_equals_the_golden(DType dtype)
    {
        EdgeGolden golden = new(dtype);
        EdgeFinding finding = new EdgeAttributionPatching().Run(golden.Model, golden.Pairs, golden.Metric);
        golden.AssertClose("eap", finding.Scores.Values);
        Assert.Equal(golden.Numbers.Json.GetProperty("clean_value").GetDouble(), finding.CleanValue, dtype == DType.Float64 ? 1e-9 : 1e-4);
        Assert.Equal(golden.Numbers.Json.GetProperty("corrupted_value").GetDouble(), finding.CorruptValue, dtype == DType.Float64 ? 1e-9 : 1e-4);
    }

    [Theory]
    [InlineData(DType.Float64, "clean_corrupted", GradientPath.CleanCorrupted, 1, PathEnd.Corrupted)]
    [InlineData(DType.Float64, "eap_ig_inputs_1_from_0", GradientPath.Inputs, 1, PathEnd.Corrupted)]
    [InlineData(DType.Float64, "eap_ig_inputs_1_from_1", GradientPath.Inputs, 1, PathEnd.Clean)]
    [InlineData(DType.Float64, "eap_ig_inputs_5_from_0", GradientPath.Inputs, 5, PathEnd.Corrupted)]
    [InlineData(DType.Float64, "eap_ig_inputs_5_from_1", GradientPath.Inputs, 5, PathEnd.Clean)]
    [InlineData(DType.Float64, "eap_ig_inputs_30_from_0", GradientPath.Inputs, 30, PathEnd.Corrupted)]
    [InlineData(DType.Float64, "eap_ig_inputs_30_from_1", GradientPath.Inputs, 30, PathEnd.Clean)]
    [InlineData(DType.Float32, "eap_ig_inputs_5_from_1", GradientPath.Inputs, 5, PathEnd.Clean)]
    public void Eap_ig_equals_the_golden_in_both_conventions(DType dtype, string name, GradientPath path, int steps, PathEnd from)
    {
        EdgeGolden golden = new(dtype);
        EdgeFinding finding = new EdgeAttributionIntegratedGradients(Path: path, Steps: steps, From: from).Run(golden.Model, golden.Pairs, golden.Metric);
        golden.AssertClose(name, finding.Scores.Values);
        golden.AssertCorrelation(name, finding.Scores.Values);
    }

    [Fact]
    public void Eap_ig_by_divergence_equals_the_golden_where_eap_is_blind()
    {
        EdgeGolden golden = new();
        Metric divergence = MetricChoice.Kl.For(golden.Model, golden.Pairs);
        EdgeFinding finding = new EdgeAttributionIntegratedGradients().Run(golden.Model, golden.Pairs, divergence);
        golden.AssertClose("eap_ig_inputs_5_from_0_kl", finding.Scores.Values);
        Assert.All(new EdgeAttributionPatching().Run(golden.Model, golden.Pairs, divergence).Scores.Values, score => Assert.Equal(0, score, 1e-12));
    }

    [Theory]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float32)]
    public void Eap_gp_equals_the_golden_and_ends_where_it_does(DType dtype)
    {
        EdgeGolden golden = new(dtype);
        EdgeAttributionGradPath request = new();
        golden.AssertClose("eap_gp_5", request.Run(golden.Model, golden.Pairs, golden.Metric).Scores.Values);
        Run clean = golden.Model.Run(golden.Pairs.Clean, [Capture.At(Site.ResidPre(0))], LogitScope.None);
        golden.AssertClose("eap_gp_last_point", request.Points(golden.Model, golden.Pairs, clean[Site.ResidPre(0)], default).Last().ToDoubles());
    }

    [Fact]
    public void A_circuit_of_all_edges_is_the_network_and_one_of_none_the_corrupted_run()
    {
        EdgeGolden golden = new();
        EdgeFinding all = new EdgeAttributionPatching(Edges: golden.Graph.Count).Run(golden.Model, golden.Pairs, golden.Metric);
        Assert.Equal(golden.Graph.Count, all.Circuit.Count);
        Assert.Equal(1, all.Faithfulness, 1e-10);
        double none = CircuitRun.Values(golden.Model, golden.Pairs, golden.Metric, new EdgeCircuit(golden.Graph, [], 0), default).Average();
        Assert.Equal(all.CorruptValue, none, 1e-10);
    }

    [Fact]
    public void A_circuit_without_one_edge_differs_from_the_network_by_that_edges_exact_effect()
    {
        EdgeGolden golden = new();
        EdgeGraph graph = golden.Graph;
        double[] exact = golden.Numbers["exact"];
        IReadOnlyList<Edge> edges = new EdgeScores(graph, exact).Ranked();
        double clean = golden.Numbers.Json.GetProperty("clean_value").GetDouble();
        foreach (Edge left in edges.Where((_, i) => i % 60 == 0))
        {
            EdgeCircuit circuit = new(graph, [.. edges.Where(edge => edge != left)], 0);
            double value = CircuitRun.Values(golden.Model, golden.Pairs, golden.Metric, circuit, default).Average();
            Assert.Equal(left.Score, value - clean, golden.Tolerance);
        }
    }

    [Fact]
    public void Greedy_circuits_grow_from_the_logits_and_keep_every_edge()
    {
        EdgeGolden golden = new();
        EdgeFinding finding = new EdgeAttributionPatching(Edges: 400, Choose: CircuitChoice.Greedy, Check: 20).Run(golden.Model, golden.Pairs, golden.Metric);
        HashSet<string> writers = [.. finding.Edges.Select(edge => edge.Source.Name)];
        Assert.All(finding.Edges, edge => Assert.True(edge.Destination.Node == EdgeNode.Logits || golden.Graph.NodesOf(edge.Destination).Any(node => writers.Contains(golden.Graph.Sources[node].Name))));
        Assert.Equal(20, finding.Checked.Count);
        Assert.InRange(finding.Agreement!.Pearson, 0.5, 1);
    }

    // With grouped queries, rotation and gates: no golden, so an edge's score is held against its exact effect for a small change.
    [Fact]
    public void On_grouped_queries_scores_are_the_slope_of_exact_effects()
    {
        LanguageModel model = TestModels.Random();
        PairBatch pairs = PairBatch.Encode(model, new PromptPair(Prompt.FromIds([3, 9, 4, 7]), Prompt.FromIds([3, 8, 4, 7]), " w5", " w6"));
        LogitDifference metric = new(pairs.Answers, pairs.Versus);
        EdgeScores scores = new EdgeAttributionPatching().Run(model, pairs, metric).Scores;
        EdgeGraph graph = scores.Graph;
        const double Small = 1e-5;
        Run clean = model.Run(pairs.Clean, SourceDifferences<double>.Needs(model.Config), LogitScope.Last);
        Run corrupt = model.Run(pairs.Corrupt, SourceDifferences<double>.Needs(model.Config), LogitScope.Last);
        double before = clean.LastLogits()[pairs.Answers[0]] - clean.LastLogits()[pairs.Versus[0]];
        double[] written = new double[4 * model.Config.DModel];
        foreach ((int source, int destination) in Enumerable.Range(0, graph.Sources.Count).SelectMany(s => Enumerable.Range(0, graph.Destinations.Count).Select(d => (s, d))).Where(edge => graph.IsLegal(edge.s, edge.d)))
        {
            new SourceDifferences<double>(graph, clean, corrupt).Fill(source, 1, 0, 1, written);
            Site site = graph.Destinations[destination].Site(model.Config.Layers);
            LocalFunction nudge = LocalFunction.At(site, (vector, context) =>
            {
                for (int i = 0; i < vector.Length; i++)
                {
                    vector[i] += Small * written[(context.Position * vector.Length) + i];
                }
            });
            double[] logits = model.Run(pairs.Clean, [nudge], LogitScope.Last).LastLogits();
            double slope = (logits[pairs.Answers[0]] - logits[pairs.Versus[0]] - before) / Small;
            Assert.Equal(slope, scores[source, destination], 1e-3 * (1 + Math.Abs(slope)));
        }
    }

    // y = tanh(x) from 2, corrupted at 0, in two unit steps: 2, 1, 0. The mean slope times the way is no share of the difference (-0.964).
    [Fact]
    public void Grad_path_steps_have_length_one_and_stop_where_it_is_flat()
    {
        double[] point = [2];
        double sum = 0;
        foreach (double expected in new[] { 1.0, 0.0 })
        {
            double y = Math.Tanh(point[0]);
            EdgeAttributionGradPath.Step(point, [2 * y * (1 - (y * y))], 1);
            Assert.Equal(expected, point[0], 1e-12);
            sum += 1 - (Math.Tanh(point[0]) * Math.Tanh(point[0]));
        }

        Assert.Equal(-1.41997, (0 - 2) * sum / 2, 1e-5);
        double[] two = [3, 4, 5, 6];
        EdgeAttributionGradPath.Step(two, [0, 0, 3, 4], 2);
        Assert.Equal([3, 4, 4.4, 5.2], two);
    }

    // What a layer writes reaches a later layer's input straight: in the last layer's edges to the logits, moving it is moving along the metric.
    [Fact]
    public void Gradients_between_activations_are_complete_for_a_layer_that_only_the_logits_read()
    {
        EdgeGolden golden = new();
        EdgeGraph graph = golden.Graph;
        EdgeFinding finding = new EdgeAttributionIntegratedGradients(Path: GradientPath.Activations, Steps: 200).Run(golden.Model, golden.Pairs, golden.Metric);
        double exact = golden.Numbers["exact"][(graph.Source("m2") * graph.Destinations.Count) + graph.Destination("logits")];
        Assert.Equal(exact, finding.Scores[graph.Source("m2"), graph.Destination("logits")], 0.02 * Math.Abs(exact));
    }
}
