using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>Edges of a network as a graph: two rows a layer, attention below, the MLP above it.</summary>
internal static class CircuitDrawing
{
    private const string Logits = "logits";

    /// <summary>The graph of some edges, the strongest first.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="edges">Where each begins and ends, and its weight.</param>
    /// <param name="group">Query heads that share a head of keys and values: they are drawn as the first of them.</param>
    public static GraphView Of(string title, IEnumerable<(EdgeSource From, EdgeDestination To, double Weight)> edges, int group)
    {
        Dictionary<string, GraphNode> nodes = new(StringComparer.Ordinal);
        List<GraphEdge> lines = [];
        foreach ((EdgeSource from, EdgeDestination to, double weight) in edges)
        {
            EdgeSource? reader = to.Node == EdgeNode.Logits ? null
                : new EdgeSource(to.Node, to.Layer, to.Port is EdgePort.Key or EdgePort.Value ? to.Head * group : to.Head);
            lines.Add(new GraphEdge(Add(from), Add(reader), weight) { Label = to.Node == EdgeNode.Head ? PathEnds.PortName(to.Port)[..1] : "" });
        }

        int top = nodes.Values.Select(node => node.Layer + 1).DefaultIfEmpty().Max();
        return new GraphView(title, [.. nodes.Values.Select(node => node.Id == Logits ? node with { Layer = top } : node).OrderBy(node => node.Layer).ThenBy(node => node.Position)], lines);

        string Add(EdgeSource? part)
        {
            string id = part?.Name ?? Logits;
            int row = part?.Node switch
            {
                EdgeNode.Input => 0,
                EdgeNode.Head => (2 * part.Layer) + 1,
                EdgeNode.Mlp => (2 * part.Layer) + 2,
                _ => 0,
            };
            nodes.TryAdd(id, new GraphNode(id, part is null ? Logits : part.Node == EdgeNode.Head ? PathEnds.Name(part) : PathEnds.Label(part), row, Math.Max(0, part?.Head ?? 0), 0));
            return id;
        }
    }
}
