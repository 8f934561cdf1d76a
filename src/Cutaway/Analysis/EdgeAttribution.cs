using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Analysis;

/// <summary>
/// What the edge attribution methods share: pairs of prompts, the two runs whose difference every source is weighed by, and the
/// sum over the points at which a method takes gradients.
/// </summary>
internal sealed class EdgeAttribution
{
    private readonly LanguageModel model;
    private readonly Metric metric;
    private readonly PairBatch pairs;
    private readonly CancellationToken cancellation;
    private readonly Action<GradientRun, double, int, int> add;
    private readonly Func<EdgeScores> scores;

    /// <summary>Runs both prompts of every pair.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="metric">What is measured, an item a pair.</param>
    /// <param name="cancellation">Cancels the runs.</param>
    /// <exception cref="CutawayException">The model's heads have no edges of their own.</exception>
    public EdgeAttribution(LanguageModel model, PairBatch pairs, Metric metric, CancellationToken cancellation)
    {
        Graph = new EdgeGraph(model.Config);
        this.model = model;
        this.metric = metric;
        this.pairs = pairs;
        this.cancellation = cancellation;
        Corrupt = model.Run(pairs.Corrupt, SourceDifferences<float>.Needs(model.Config), metric.Scope, cancellation);
        CleanGradient = model.Differentiate(pairs.Clean, metric, [.. Needs, .. SourceDifferences<float>.Needs(model.Config)], cancellation);
        CorruptValue = MetricReader.Read(metric, Corrupt.Logits).Average();
        CleanValue = CleanGradient.Values.Average();
        (add, scores) = model.DType == DType.Float32 ? Scorer<float>() : Scorer<double>();
    }

    /// <summary>The nodes.</summary>
    public EdgeGraph Graph { get; }

    /// <summary>The clean run, with the gradient on it.</summary>
    public GradientRun CleanGradient { get; }

    /// <summary>The clean run.</summary>
    public Run Clean => CleanGradient.Run;

    /// <summary>The corrupted run.</summary>
    public Run Corrupt { get; }

    /// <summary>The mean metric of the clean prompts.</summary>
    public double CleanValue { get; }

    /// <summary>The mean metric of the corrupted prompts.</summary>
    public double CorruptValue { get; }

    private PlanItem[] Needs => EdgeScorer<float>.Needs(model.Config);

    /// <summary>The gradient at a run of the clean prompts with something changed.</summary>
    public GradientRun Gradient(params IEnumerable<Intervention> changes) => model.Differentiate(pairs.Clean, metric, [.. changes, .. Needs], cancellation);

    /// <summary>A point between what a site holds in the corrupted run, at 0, and in the clean run, at 1.</summary>
    public Replace Between(Site site, double share) => Replace.With(site, Mix(Corrupt[site], Clean[site], share));

    /// <summary>Adds a point's gradient with its weight; only the given sources are scored.</summary>
    public void Add(GradientRun run, double weight, int first = 0, int? count = null) => add(run, weight, first, count ?? (Graph.Sources.Count - first));

    /// <summary>The scores so far.</summary>
    public EdgeScores Scores() => scores();

    private static Tensor Mix(Tensor from, Tensor to, double share) =>
        Tensor.Of([.. from.ToDoubles().Zip(to.ToDoubles(), (a, b) => a + (share * (b - a)))], [.. from.Shape], from.Axes);

    private (Action<GradientRun, double, int, int> Add, Func<EdgeScores> Scores) Scorer<T>()
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        EdgeScorer<T> scorer = new(Graph, Clean, Corrupt);
        return (scorer.Add, scorer.Scores);
    }
}
