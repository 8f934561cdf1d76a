namespace Cutaway.Analysis;

/// <summary>A number on every edge of a graph.</summary>
/// <param name="Graph">The nodes.</param>
/// <param name="Values">[source, destination] row-major; zero where there is no edge.</param>
public sealed record EdgeScores(EdgeGraph Graph, IReadOnlyList<double> Values)
{
    /// <summary>The number on an edge.</summary>
    public double this[int source, int destination] => Values[(source * Graph.Destinations.Count) + destination];

    /// <summary>Every edge there is, the largest number first whatever its sign; equals stay in the network's order.</summary>
    public IReadOnlyList<Edge> Ranked() => [.. Legal().OrderByDescending(edge => Math.Abs(edge.Score))];

    private IEnumerable<Edge> Legal()
    {
        for (int source = 0; source < Graph.Sources.Count; source++)
        {
            for (int destination = 0; destination < Graph.Destinations.Count; destination++)
            {
                if (Graph.IsLegal(source, destination))
                {
                    yield return new Edge(Graph.Sources[source], Graph.Destinations[destination], this[source, destination]);
                }
            }
        }
    }
}
