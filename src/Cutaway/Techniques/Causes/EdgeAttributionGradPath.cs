using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// Edge attribution patching along a path of gradients (EAP-GP; Zhang et al. 2025, after IG², Zhuo and Ge 2024): from the clean
/// input embeddings each pair takes steps of length one down the squared distance between its logits and those of the corrupted
/// prompt, and the metric's gradient is averaged over the points reached. The path does not end at the corrupted prompt, so
/// scores do not sum to the difference of the two; they are for ranking.
/// </summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The same prompt without the information in question; as many tokens.</param>
/// <param name="Answer">What the clean prompt is continued by.</param>
/// <param name="Versus">What the corrupted prompt is continued by.</param>
/// <param name="Pairs">A file or a generator of pairs instead.</param>
/// <param name="Count">How many pairs.</param>
/// <param name="Seed">Draws them.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Steps">Points, k.</param>
/// <param name="Edges">Edges of the circuit.</param>
/// <param name="Choose">How the circuit is put together.</param>
/// <param name="Check">Edges patched for real.</param>
[Technique("eap-gp", Section.Causes, "Score every edge from gradients along a path that seeks the corrupted prompt's answer",
    Topic = "edge-attribution-patching",
    Examples = "eap-gp\neap-gp --steps 10 --edges 50 --check 20")]
public sealed record EdgeAttributionGradPath(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help(PairHelp.Seed)] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("Points on the path"), Range(1, 1000)] int Steps = 5,
    [property: Help(PairHelp.Edges), Range(1, 100000)] int Edges = 30,
    [property: Help(PairHelp.Choose)] CircuitChoice Choose = CircuitChoice.Top,
    [property: Help(PairHelp.Check), Range(0, 100000)] int Check = 0) : ITechnique<EdgeFinding>
{
    // A gradient this small has no direction: the pair stays where it is.
    private const double Flat = 1e-12;

    /// <inheritdoc/>
    public EdgeFinding Run(LanguageModel model, Progress progress = default)
    {
        PairBatch pairs = new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), progress);
    }

    /// <summary>Scores the edges for pairs of one's own, by any metric that has a gradient.</summary>
    public EdgeFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        if (pairs.AnswerTokens == AnswerTokens.Sum)
        {
            throw CutawayException.Usage("eap-gp follows the logits at the last position; give answers of one token");
        }

        progress.Step("running both prompts", 0, 1);
        EdgeAttribution attribution = new(model, pairs, metric, progress.Cancellation);
        int done = 0;
        foreach (Tensor point in Points(model, pairs, attribution.Clean[Site.ResidPre(0)], progress.Cancellation))
        {
            progress.Step("following the gradient", done++, Steps);
            attribution.Add(attribution.Gradient(Replace.With(Site.ResidPre(0), point)), 1.0 / Steps);
        }

        return EdgeFinding.Of($"eap-gp ({Steps} steps)", attribution, model, pairs, metric, new CircuitRequest(Edges, Choose, Check), progress);
    }

    /// <summary>The points of the path, the clean embeddings left out: [pair, pos, d_model] each.</summary>
    internal IEnumerable<Tensor> Points(LanguageModel model, PairBatch pairs, Tensor start, CancellationToken cancellation)
    {
        Run corrupted = model.Run(pairs.Corrupt, [], Models.Network.LogitScope.Last, cancellation);
        int[][] tokens = [.. pairs.Answers.Zip(pairs.Versus, (answer, versus) => new[] { answer, versus })];
        double[][] target = [.. tokens.Select((ids, item) => corrupted.LastLogits(item)).Zip(tokens, (logits, ids) => ids.Select(id => logits[id]).ToArray())];
        LogitDistance distance = new(tokens, target);
        double[] point = start.ToDoubles();
        for (int step = 0; step < Steps; step++)
        {
            Replace here = Replace.With(Site.ResidPre(0), Tensor.Of([.. point], [.. start.Shape], start.Axes));
            double[] slope = model.Differentiate(pairs.Clean, distance, [here, CaptureGradient.At(Site.ResidPre(0))], cancellation).Gradient(Site.ResidPre(0)).ToDoubles();
            Step(point, slope, point.Length / pairs.Clean.Batch);
            yield return Tensor.Of([.. point], [.. start.Shape], start.Axes);
        }
    }

    /// <summary>One step of length one down each item's slope.</summary>
    /// <param name="point">[item · width], moved in place.</param>
    /// <param name="slope">The gradient there.</param>
    /// <param name="width">Values of an item.</param>
    internal static void Step(double[] point, double[] slope, int width)
    {
        for (int item = 0; item < point.Length / width; item++)
        {
            ReadOnlySpan<double> down = slope.AsSpan(item * width, width);
            double norm = 0;
            foreach (double value in down)
            {
                norm += value * value;
            }

            norm = Math.Sqrt(norm);
            for (int i = 0; norm > Flat && i < width; i++)
            {
                point[(item * width) + i] -= down[i] / norm;
            }
        }
    }
}
