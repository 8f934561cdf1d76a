using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// Edge attribution patching (Syed et al. 2023, "Attribution Patching Outperforms Automated Circuit Discovery"): scores every
/// edge between what writes to the residual stream and what reads it, by what the source writes in the corrupted run less what
/// it writes in the clean one, times the clean run's gradient at the reader. Two forward passes and one backward.
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
/// <param name="Edges">Edges of the circuit.</param>
/// <param name="Choose">How the circuit is put together.</param>
/// <param name="Check">Edges patched for real.</param>
[Technique("eap", Section.Causes, "Score every edge of the network at once from one gradient, and put a circuit together",
    Topic = "edge-attribution-patching",
    Examples = "eap --edges 30\neap --edges 50 --choose greedy --check 20")]
public sealed record EdgeAttributionPatching(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help(PairHelp.Seed)] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help(PairHelp.Edges), Range(1, 100000)] int Edges = 30,
    [property: Help(PairHelp.Choose)] CircuitChoice Choose = CircuitChoice.Top,
    [property: Help(PairHelp.Check), Range(0, 100000)] int Check = 0) : ITechnique<EdgeFinding>
{
    /// <inheritdoc/>
    public EdgeFinding Run(LanguageModel model, Progress progress = default)
    {
        PairBatch pairs = new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), progress);
    }

    /// <summary>Scores the edges for pairs of one's own, by any metric that has a gradient.</summary>
    public EdgeFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        progress.Step("running both prompts", 0, 2);
        EdgeAttribution attribution = new(model, pairs, metric, progress.Cancellation);
        progress.Step("scoring edges", 1, 2);
        attribution.Add(attribution.CleanGradient, 1);
        return EdgeFinding.Of("eap", attribution, model, pairs, metric, new CircuitRequest(Edges, Choose, Check), progress);
    }
}
