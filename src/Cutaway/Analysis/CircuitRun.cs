using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Analysis;

/// <summary>
/// A run in which only the edges of a circuit carry the clean prompt; over all others every input reads the corrupted run
/// (Wang et al. 2022; Hanna et al. 2024). An input then reads the corrupted stream, plus what each of its own sources in the
/// circuit writes now less what it wrote in the corrupted run: changes cascade, and nothing outside the circuit matters.
/// </summary>
internal sealed class CircuitRun
{
    private readonly LanguageModel model;
    private readonly EdgeCircuit circuit;
    private readonly int length;
    private readonly double[]?[] difference;
    private readonly double[]?[] corrupted;

    private CircuitRun(LanguageModel model, TokenBatch tokens, EdgeCircuit circuit, Run corrupt)
    {
        this.model = model;
        this.circuit = circuit;
        length = tokens.Length;
        difference = new double[circuit.Graph.Sources.Count][];
        corrupted = new double[circuit.Graph.Sources.Count][];
        foreach (EdgeSource source in circuit.Sources)
        {
            corrupted[circuit.Graph.Source(source.Name)] = (source.Node switch
            {
                EdgeNode.Input => corrupt[Site.ResidPre(0)],
                EdgeNode.Head => corrupt[Site.Result(source.Layer)].Select("head", source.Head),
                _ => corrupt[Site.MlpOut(source.Layer)],
            }).ToDoubles();
        }
    }

    /// <summary>The metric of each pair's clean prompt, run through the circuit alone.</summary>
    public static double[] Values(LanguageModel model, PairBatch pairs, Metric metric, EdgeCircuit circuit, CancellationToken cancellation)
    {
        EdgeDestination[] inputs = Inputs(circuit);
        IEnumerable<Site> read = inputs.Select(input => Stream(model.Config, input));
        IEnumerable<Site> written = circuit.Sources.Select(Written);
        Run corrupt = model.Run(pairs.Corrupt, Capture.All([.. read.Concat(written).Distinct()]), LogitScope.None, cancellation);
        CircuitRun run = new(model, pairs.Clean, circuit, corrupt);
        PlanItem[] plan = [.. inputs.Select(input => run.Feed(input, corrupt)), .. circuit.Sources.Select(run.Follow)];
        return MetricReader.Read(metric, model.Run(pairs.Clean, plan, metric.Scope, cancellation).Logits);
    }

    // All inputs of the nodes that write on some edge, and the logits: those without an edge read the corrupted run.
    private static EdgeDestination[] Inputs(EdgeCircuit circuit)
    {
        HashSet<int> nodes = [.. circuit.Sources.Select(source => circuit.Graph.Source(source.Name))];
        return [.. circuit.Graph.Destinations.Where(input => input.Node == EdgeNode.Logits || circuit.Graph.NodesOf(input).Any(nodes.Contains))];
    }

    private static Site Stream(NetworkConfig config, EdgeDestination input) => input.Node switch
    {
        EdgeNode.Logits => Site.ResidPost(config.Layers - 1),
        EdgeNode.Mlp when config.Block == BlockKind.Sequential => $"blocks.{input.Layer}.hook_resid_mid",
        _ => Site.ResidPre(input.Layer),
    };

    private static Site Written(EdgeSource source) => source.Node switch
    {
        EdgeNode.Input => Site.ResidPre(0),
        EdgeNode.Head => Site.Result(source.Layer),
        _ => Site.MlpOut(source.Layer),
    };

    private LocalFunction Feed(EdgeDestination input, Run corrupt)
    {
        double[] stream = corrupt[Stream(model.Config, input)].ToDoubles();
        int[] sources = [.. circuit.Edges.Where(edge => edge.Destination == input).Select(edge => circuit.Graph.Source(edge.Source.Name))];
        return LocalFunction.At(input.Site(model.Config.Layers), (vector, context) =>
        {
            int start = ((context.Sequence * length) + context.Position) * vector.Length;
            stream.AsSpan(start, vector.Length).CopyTo(vector);
            foreach (int source in sources)
            {
                TensorPrimitives.Add(vector, difference[source].AsSpan(start, vector.Length), vector);
            }
        });
    }

    private LocalFunction Follow(EdgeSource source)
    {
        int index = circuit.Graph.Source(source.Name);
        double[] before = corrupted[index]!;
        double[] now = difference[index] = new double[before.Length];
        Site site = Written(source);
        return LocalFunction.At(source.Node == EdgeNode.Head ? site with { Heads = [source.Head] } : site, (vector, context) =>
        {
            int start = ((context.Sequence * length) + context.Position) * vector.Length;
            TensorPrimitives.Subtract(vector, before.AsSpan(start, vector.Length), now.AsSpan(start, vector.Length));
        });
    }
}
