using System.Numerics;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Analysis;

/// <summary>
/// Edges patched for real: in the clean run one input of one node receives what one source writes in the corrupted run, and
/// everything else reads the source as it was (Syed et al. 2023; Conmy et al. 2023). One run an edge.
/// </summary>
internal static class ExactEdges
{
    /// <summary>The change of the metric, averaged over pairs, that each of some edges makes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="metric">What is measured, an item a pair.</param>
    /// <param name="graph">The model's nodes.</param>
    /// <param name="edges">Edges as indices of source and destination.</param>
    /// <param name="progress">Reports and cancels.</param>
    /// <returns>One number an edge, in their order.</returns>
    public static double[] Effects(LanguageModel model, PairBatch pairs, Metric metric, EdgeGraph graph, IReadOnlyList<(int Source, int Destination)> edges, Progress progress) =>
        model.DType == DType.Float32
            ? Effects<float>(model, pairs, metric, graph, edges, progress)
            : Effects<double>(model, pairs, metric, graph, edges, progress);

    private static double[] Effects<T>(LanguageModel model, PairBatch pairs, Metric metric, EdgeGraph graph, IReadOnlyList<(int Source, int Destination)> edges, Progress progress)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Run clean = model.Run(pairs.Clean, SourceDifferences<T>.Needs(model.Config), LogitScope.None, progress.Cancellation);
        Run corrupted = model.Run(pairs.Corrupt, SourceDifferences<T>.Needs(model.Config), LogitScope.None, progress.Cancellation);
        SourceDifferences<T> differences = new(graph, clean, corrupted);
        T[] written = new T[differences.Items * differences.Width];
        double[] effects = new double[edges.Count];
        int done = 0;
        foreach (IGrouping<int, int> group in Enumerable.Range(0, edges.Count).GroupBy(i => edges[i].Source))
        {
            progress.Step("patching edges", done, edges.Count);
            differences.Fill(group.Key, 1, 0, differences.Items, written);
            Dictionary<int, Tensor> spread = [];
            Variant[] variants =
            [
                .. group.Select(i => graph.Destinations[edges[i].Destination]).Select(destination => (destination.Name, Site: destination.Site(model.Config.Layers)))
                    .Select(end => new Variant(end.Name, Add.Vector(end.Site, ForSite(model, pairs.Clean, end.Site, written, spread)))),
            ];
            SweepResult patched = new Sweep(pairs.Clean, metric, variants).Run(model, new Progress(null, progress.Cancellation));
            foreach ((int edge, int variant) in group.Select((edge, variant) => (edge, variant)))
            {
                effects[edge] = patched.Mean(variant) - patched.Baseline.Average();
                done++;
            }
        }

        return effects;
    }

    // A site with heads takes a vector for each of them; only the chosen one is read, so all heads share one tensor.
    private static Tensor ForSite<T>(LanguageModel model, TokenBatch tokens, Site site, T[] written, Dictionary<int, Tensor> spread)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        HookPoint point = site.Resolve(model.Network.Hooks)[0];
        int heads = point.HeadAxis < 0 ? 0 : point.Extents[point.HeadAxis];
        if (spread.TryGetValue(heads, out Tensor? known))
        {
            return known;
        }

        int d = model.Config.DModel;
        if (heads == 0)
        {
            return spread[0] = Tensor.CopyOf<T>(written, [tokens.Batch, tokens.Length, d]);
        }

        T[] copies = new T[written.Length * heads];
        for (int i = 0; i < copies.Length / d; i++)
        {
            written.AsSpan(i / heads * d, d).CopyTo(copies.AsSpan(i * d));
        }

        return spread[heads] = Tensor.CopyOf<T>(copies, [tokens.Batch, tokens.Length, heads, d]);
    }
}
