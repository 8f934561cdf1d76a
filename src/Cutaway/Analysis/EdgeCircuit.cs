namespace Cutaway.Analysis;

/// <summary>How a circuit is put together from scored edges.</summary>
public enum CircuitChoice
{
    /// <summary>The edges with the largest scores, wherever they are.</summary>
    Top,

    /// <summary>Grown from the logits: always the best edge into a node that is in already.</summary>
    Greedy,
}

/// <summary>Edges that belong together: each on a path from the input to the logits.</summary>
/// <param name="Graph">The network's nodes.</param>
/// <param name="Edges">The edges, the largest score first.</param>
/// <param name="Dropped">Edges that were chosen and led nowhere.</param>
public sealed record EdgeCircuit(EdgeGraph Graph, IReadOnlyList<Edge> Edges, int Dropped)
{
    /// <summary>Puts a circuit together.</summary>
    /// <param name="scores">The scores; their size counts.</param>
    /// <param name="count">How many edges are chosen, before those that lead nowhere are dropped.</param>
    /// <param name="choice">How.</param>
    public static EdgeCircuit Of(EdgeScores scores, int count, CircuitChoice choice)
    {
        Edge[] chosen = [.. choice == CircuitChoice.Top ? scores.Ranked().Take(count) : Grow(scores, count)];
        Edge[] connected = Prune(scores.Graph, chosen);
        return new EdgeCircuit(scores.Graph, [.. connected.OrderByDescending(edge => Math.Abs(edge.Score))], chosen.Length - connected.Length);
    }

    /// <summary>Nodes that write on some edge.</summary>
    public IReadOnlyList<EdgeSource> Sources => [.. Edges.Select(edge => edge.Source).Distinct()];

    private static List<Edge> Grow(EdgeScores scores, int count)
    {
        EdgeGraph graph = scores.Graph;
        PriorityQueue<(int Source, int Destination), (double, int)> best = new();
        HashSet<int> nodes = [];
        List<Edge> chosen = [];
        Offer(graph.Destinations.Count - 1);
        while (chosen.Count < count && best.TryDequeue(out (int Source, int Destination) edge, out _))
        {
            chosen.Add(new Edge(graph.Sources[edge.Source], graph.Destinations[edge.Destination], scores[edge.Source, edge.Destination]));
            if (nodes.Add(edge.Source))
            {
                for (int destination = 0; destination < graph.Destinations.Count; destination++)
                {
                    if (graph.NodesOf(graph.Destinations[destination]).Contains(edge.Source) && !Offered(destination, edge.Source))
                    {
                        Offer(destination);
                    }
                }
            }
        }

        return chosen;

        // A key head that several query heads read is offered with the first of them.
        bool Offered(int destination, int source) => graph.NodesOf(graph.Destinations[destination]).Any(other => other != source && nodes.Contains(other));

        void Offer(int destination)
        {
            for (int source = 0; source < graph.Reach(destination); source++)
            {
                best.Enqueue((source, destination), (-Math.Abs(scores[source, destination]), (source * graph.Destinations.Count) + destination));
            }
        }
    }

    /// <summary>Drops, again and again, edges out of nodes that nothing enters and edges into nodes that nothing leaves.</summary>
    private static Edge[] Prune(EdgeGraph graph, Edge[] edges)
    {
        for (int before = -1; before != edges.Length;)
        {
            before = edges.Length;
            HashSet<int> entered = [.. edges.SelectMany(edge => graph.NodesOf(edge.Destination)), 0];
            HashSet<int> left = [.. edges.Select(edge => graph.Source(edge.Source.Name))];
            edges =
            [
                .. edges.Where(edge => entered.Contains(graph.Source(edge.Source.Name))
                    && (edge.Destination.Node == EdgeNode.Logits || graph.NodesOf(edge.Destination).Any(left.Contains))),
            ];
        }

        return edges;
    }
}
