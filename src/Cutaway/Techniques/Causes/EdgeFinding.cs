using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings;
using Cutaway.Metrics;

namespace Cutaway.Techniques.Causes;

/// <summary>What is done with scored edges.</summary>
/// <param name="Edges">Edges of the circuit.</param>
/// <param name="Choose">How it is put together.</param>
/// <param name="Check">Best edges patched for real.</param>
public sealed record CircuitRequest(int Edges, CircuitChoice Choose, int Check);

/// <summary>An edge with its score and, where it was patched for real, its effect.</summary>
/// <param name="Edge">Such as <c>a0.h1→a2.h3&lt;k&gt;</c>.</param>
/// <param name="Score">The estimated change of the metric when the edge carries the corrupted run.</param>
/// <param name="Exact">The change itself, or null.</param>
public sealed record ScoredEdge(string Edge, double Score, double? Exact);

/// <summary>Scores of every edge of a network, and the circuit they make.</summary>
public sealed record EdgeFinding : Finding
{
    // More edges than this are no picture.
    private const int Drawn = 60;

    /// <summary>How edges were scored.</summary>
    public required string Method { get; init; }

    /// <summary>What was measured.</summary>
    public required string Metric { get; init; }

    /// <summary>The mean metric of the clean prompts.</summary>
    public required double CleanValue { get; init; }

    /// <summary>The mean metric of the corrupted prompts.</summary>
    public required double CorruptValue { get; init; }

    /// <summary>The mean metric of the clean prompts run through the circuit alone.</summary>
    public required double CircuitValue { get; init; }

    /// <summary>How many edges there are in all.</summary>
    public required int EdgeCount { get; init; }

    /// <summary>Chosen edges that lead nowhere and were left out of the circuit.</summary>
    public required int Dropped { get; init; }

    /// <summary>The edges of the circuit, the largest score first.</summary>
    public required IReadOnlyList<ScoredEdge> Circuit { get; init; }

    /// <summary>The best edges of all, patched for real; empty unless it was asked for.</summary>
    public required IReadOnlyList<ScoredEdge> Checked { get; init; }

    /// <summary>The score of every edge: what the rest is made of.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public required EdgeScores Scores { get; init; }

    /// <summary>The circuit as edges.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public required IReadOnlyList<Edge> Edges { get; init; }

    /// <summary>(circuit − corrupted) / (clean − corrupted): 1 if the circuit does what the network does.</summary>
    public double Faithfulness => (CircuitValue - CorruptValue) / (CleanValue - CorruptValue);

    /// <summary>How scores compare with real patches; null where too few were made.</summary>
    public Correlation? Agreement => Checked.Count < 3 ? null : Correlation.Of(Checked.Select(edge => edge.Score), Checked.Select(edge => edge.Exact!.Value));

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            string best = Circuit.Count == 0 ? "No chosen edge lies on a path from the input to the logits" : $"The strongest edge is {Circuit[0].Edge}";
            string agreement = Agreement is { } known ? FormattableString.Invariant($"; against real patches: Pearson {known.Pearson:0.00}, Spearman {known.Spearman:0.00}") : "";
            return FormattableString.Invariant(
                $"{best}; a circuit of {Circuit.Count} of {EdgeCount} edges keeps {Faithfulness:0%} of the {Metric} ({CleanValue:0.00} clean, {CorruptValue:0.00} corrupted){agreement}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            List<View> views = [Drawing(), Table("Edges of the circuit", Circuit)];
            if (Checked.Count > 0)
            {
                views.Add(new ScatterView("Estimate and truth", [.. Checked.Select(edge => edge.Score)], [.. Checked.Select(edge => edge.Exact!.Value)], [.. Checked.Select(edge => edge.Edge)])
                {
                    XAxis = "score",
                    YAxis = "change when patched",
                    Caption = Agreement is { } known ? $"The {Checked.Count} best edges, patched one by one: {known}." : "",
                });
                views.Add(Table("Edges patched for real", Checked));
            }

            views.Add(new TextView("What it means", $"An edge is what one node writes and one input of another reads, at all positions. Its score ({Method}) estimates how the {Metric} of the clean prompt "
                + $"changes when that input alone reads what the source writes on the corrupted prompt. The circuit is run with every other edge corrupted.{Unchecked}{Grouped}"));
            return views;
        }
    }

    private string Unchecked => Checked.Count > 0 ? "" : " --check N patches the N best edges for real, and says how the scores compare.";

    private string Grouped => Scores.Graph.Config.Heads == Scores.Graph.Config.KeyValueHeads
        ? ""
        : $" Keys and values are shared by {Scores.Graph.Config.Heads / Scores.Graph.Config.KeyValueHeads} query heads each, so <k> and <v> count key heads, and enters all heads of the group.";

    /// <summary>Chooses the circuit, runs it, and patches the best edges for real.</summary>
    internal static EdgeFinding Of(
        string method, EdgeAttribution attribution, LanguageModel model, PairBatch pairs, Metric metric, CircuitRequest request, Progress progress)
    {
        EdgeGraph graph = attribution.Graph;
        EdgeScores scores = attribution.Scores();
        EdgeCircuit circuit = EdgeCircuit.Of(scores, request.Edges, request.Choose);
        progress.Step("running the circuit", 0, 1);
        double value = CircuitRun.Values(model, pairs, metric, circuit, progress.Cancellation).Average();
        Edge[] best = [.. scores.Ranked().Take(request.Check)];
        double[] exact = best.Length == 0
            ? []
            : ExactEdges.Effects(model, pairs, metric, graph, [.. best.Select(edge => (graph.Source(edge.Source.Name), graph.Destination(edge.Destination.Name)))], progress);
        ScoredEdge[] tested = [.. best.Zip(exact, (edge, effect) => new ScoredEdge(edge.Name, edge.Score, effect))];
        Dictionary<string, double?> known = tested.ToDictionary(edge => edge.Edge, edge => edge.Exact, StringComparer.Ordinal);
        progress.Step("done", 1, 1);
        return new EdgeFinding
        {
            Method = method,
            Metric = PromptTokens.Metric(metric, pairs),
            CleanValue = attribution.CleanValue,
            CorruptValue = attribution.CorruptValue,
            CircuitValue = value,
            EdgeCount = graph.Count,
            Dropped = circuit.Dropped,
            Circuit = [.. circuit.Edges.Select(edge => new ScoredEdge(edge.Name, edge.Score, known.GetValueOrDefault(edge.Name)))],
            Checked = tested,
            Scores = scores,
            Edges = circuit.Edges,
        };
    }

    private TableView Table(string title, IReadOnlyList<ScoredEdge> edges) => Checked.Count == 0
        ? new(title, ["edge", "score"], [.. edges.Select(edge => (IReadOnlyList<object>)[edge.Edge, edge.Score])])
        : new(title, ["edge", "score", "patched"], [.. edges.Select(edge => (IReadOnlyList<object>)[edge.Edge, edge.Score, edge.Exact is double effect ? effect : ""])]);

    private GraphView Drawing() => CircuitDrawing.Of(
        "The circuit", Edges.Take(Drawn).Select(edge => (edge.Source, edge.Destination, edge.Score)), Scores.Graph.Config.Heads / Scores.Graph.Config.KeyValueHeads) with
    {
        Unit = $"change of the {Metric}",
        Caption = Edges.Count > Drawn ? $"The {Drawn} strongest of {Edges.Count} edges." : "",
    };
}
