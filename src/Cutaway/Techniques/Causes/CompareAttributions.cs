using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Planning;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// How well estimates of patching stand for patching: every place of a grid, and a sample of edges, is patched for real and
/// estimated by each gradient method on the same prompts (Nanda 2023; Syed et al. 2023; Hanna et al. 2024). Correlations say
/// how far the numbers can be trusted, the overlap of the largest whether the search for important parts can.
/// </summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The prompt without the information in question, of as many tokens.</param>
/// <param name="Answer">The clean prompt's continuation.</param>
/// <param name="Versus">The corrupted prompt's continuation.</param>
/// <param name="Pairs">A file or a generator of prompt pairs, instead of the four.</param>
/// <param name="Count">Pairs taken of it.</param>
/// <param name="Seed">Draws generated pairs, and the sample of edges.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
/// <param name="Metric">What is measured; it must have a gradient.</param>
/// <param name="Over">What is patched.</param>
/// <param name="Direction">Which run is changed.</param>
/// <param name="Edges">Edges compared; all where there are fewer, none for 0.</param>
/// <param name="Steps">Points between the prompts for integrated gradients.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
/// <param name="Top">How many of the largest are compared, of at most half of the places.</param>
[Technique("compare-attributions", Section.Causes, "Patch for real what gradient methods estimate, and say how well they agree",
    Topic = "attribution-patching",
    Examples = "compare-attributions\ncompare-attributions --over resid-pre --edges 0 --pairs ioi --count 4")]
public sealed record CompareAttributions(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help("Draws generated pairs, and the sample of edges")] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help("What is measured, by a metric with a gradient")] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("What is patched")] PatchSite Over = PatchSite.HeadZ,
    [property: Help("Which run is changed: the corrupted one (what suffices) or the clean one (what is needed)")] PatchDirection Direction = PatchDirection.Denoising,
    [property: Help("Edges compared, drawn from all; 0 for none"), Range(0, 100_000)] int Edges = 200,
    [property: Help("Points between the prompts, for integrated gradients"), Range(1, 1000)] int Steps = 5,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null,
    [property: Help("How many of the largest are compared"), Range(1, 1000)] int Top = 10) : ITechnique<CompareAttributionsFinding>
{
    /// <inheritdoc/>
    public CompareAttributionsFinding Run(LanguageModel model, Progress progress = default)
    {
        PairBatch pairs = new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), progress);
    }

    /// <summary>Compares on prompt pairs of one's own, by a metric of one's own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">The prompts.</param>
    /// <param name="metric">What is measured, made for these pairs.</param>
    /// <param name="progress">Reports and cancels long work.</param>
    /// <exception cref="CutawayException">The metric has no gradient.</exception>
    public CompareAttributionsFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        if (!metric.Differentiable)
        {
            throw CutawayException.Usage($"the metric '{metric.Name}' has no gradient, so no gradient method can be compared; choose logit-difference, log-probability, probability, kl or cross-entropy");
        }

        if (pairs.AnswerTokens == AnswerTokens.Sum && Edges > 0)
        {
            throw CutawayException.Usage("--answer-tokens sum reads several positions, which eap-gp cannot follow; compare no edges (--edges 0), or measure the first token (--answer-tokens first)");
        }

        return new CompareAttributionsFinding
        {
            Metric = PromptTokens.Metric(metric, pairs),
            Over = Over,
            Places = ComparePlaces(model, pairs, metric, progress),
            Edges = Edges == 0 ? null : CompareEdges(model, pairs, metric, progress),
        };
    }

    /// <summary>Places of the grid: exact, and by the gradient at the run that is changed, at the other one, and their mean.</summary>
    private AttributionComparison ComparePlaces(LanguageModel model, PairBatch pairs, Metric metric, Progress progress)
    {
        AttributionPatchingFinding near = new AttributionPatching(Over: Over, Direction: Direction, Check: true, Memory: Memory).Run(model, pairs, metric, progress);
        PatchDirection back = Direction == PatchDirection.Denoising ? PatchDirection.Noising : PatchDirection.Denoising;
        AttributionPatchingFinding far = new AttributionPatching(Over: Over, Direction: back).Run(model, pairs, metric, progress);

        // The way back undoes the way there, so its estimate has the other sign.
        double[] there = [.. near.Effects.SelectMany(row => row)];
        double[] andBack = [.. far.Effects.SelectMany(row => row).Select(value => -value)];
        return AttributionComparison.Of(
            [.. near.Effects.SelectMany((row, r) => row.Select((_, c) => near.Labels.Place(near.Request.By, r, c)))],
            [.. near.Exact!.SelectMany(row => row)],
            [
                ("gradient at the run that is changed", there),
                ("gradient at the other run", andBack),
                ("mean of both", [.. there.Zip(andBack, (a, b) => (a + b) / 2)]),
            ],
            Top);
    }

    private AttributionComparison CompareEdges(LanguageModel model, PairBatch pairs, Metric metric, Progress progress)
    {
        (string Name, EdgeFinding Finding)[] methods =
        [
            ("eap", new EdgeAttributionPatching().Run(model, pairs, metric, progress)),
            ("eap-ig, clean-corrupted", new EdgeAttributionIntegratedGradients(Path: GradientPath.CleanCorrupted).Run(model, pairs, metric, progress)),
            ($"eap-ig, {Steps} steps", new EdgeAttributionIntegratedGradients(Steps: Steps).Run(model, pairs, metric, progress)),
            ($"eap-gp, {Steps} steps", new EdgeAttributionGradPath(Steps: Steps).Run(model, pairs, metric, progress)),
        ];
        EdgeGraph graph = methods[0].Finding.Scores.Graph;
        (int Source, int Destination)[] edges = Sample(graph);
        return AttributionComparison.Of(
            [.. edges.Select(edge => $"{graph.Sources[edge.Source].Name}→{graph.Destinations[edge.Destination].Name}")],
            ExactEdges.Effects(model, pairs, metric, graph, edges, progress),
            [.. methods.Select(method => (method.Name, edges.Select(edge => method.Finding.Scores[edge.Source, edge.Destination]).ToArray()))],
            Top);
    }

    /// <summary>Edges drawn without regard to any score, so that none is favoured; in the graph's order.</summary>
    private (int Source, int Destination)[] Sample(EdgeGraph graph)
    {
        List<(int Source, int Destination)> all =
        [
            .. Enumerable.Range(0, graph.Sources.Count)
                .SelectMany(source => Enumerable.Range(0, graph.Destinations.Count).Where(destination => graph.IsLegal(source, destination)).Select(destination => (source, destination))),
        ];
        SeededRandom random = new((ulong)(uint)Seed);
        while (all.Count > Edges)
        {
            // The last takes the place of one drawn, which is dropped.
            int drawn = random.Next(all.Count);
            all[drawn] = all[^1];
            all.RemoveAt(all.Count - 1);
        }

        return [.. all.Order()];
    }
}
