using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Sites;

namespace Cutaway.Techniques.Causes;

/// <summary>At which points between the corrupted and the clean run gradients are taken.</summary>
public enum GradientPath
{
    /// <summary>With the input embeddings in between.</summary>
    Inputs,

    /// <summary>With what each source's layer writes in between, one layer after the other.</summary>
    Activations,

    /// <summary>At the clean and at the corrupted run only.</summary>
    CleanCorrupted,
}

/// <summary>Which end of the path counts among its points.</summary>
public enum PathEnd
{
    /// <summary>Corrupted + k/m (clean − corrupted) for k from 0 to m − 1, as the authors' code does.</summary>
    Corrupted,

    /// <summary>For k from 1 to m, as their paper writes.</summary>
    Clean,
}

/// <summary>
/// Edge attribution patching with integrated gradients (Hanna et al. 2024, "Have Faith in Faithfulness"): as <c>eap</c>, with the
/// gradient averaged over points between the corrupted and the clean run. Where the metric is flat at the clean prompt, as KL
/// is, this still sees the slope.
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
/// <param name="Path">What is put in between.</param>
/// <param name="Steps">Points, m.</param>
/// <param name="From">Which end counts.</param>
/// <param name="Edges">Edges of the circuit.</param>
/// <param name="Choose">How the circuit is put together.</param>
/// <param name="Check">Edges patched for real.</param>
[Technique("eap-ig", Section.Causes, "Score every edge from gradients between the corrupted and the clean prompt",
    Topic = "edge-attribution-patching",
    Examples = "eap-ig --steps 5\neap-ig --path clean-corrupted --metric kl --edges 50")]
public sealed record EdgeAttributionIntegratedGradients(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help(PairHelp.Seed)] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("What is put between corrupted and clean")] GradientPath Path = GradientPath.Inputs,
    [property: Help("Points between them"), Range(1, 1000)] int Steps = 5,
    [property: Help("Which end counts among the points")] PathEnd From = PathEnd.Corrupted,
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
        progress.Step("running both prompts", 0, 1);
        EdgeAttribution attribution = new(model, pairs, metric, progress.Cancellation);
        switch (Path)
        {
            case GradientPath.Inputs:
                Walk(attribution, Site.ResidPre(0), 0, attribution.Graph.Sources.Count, progress, 0, Steps);
                break;
            case GradientPath.Activations:
                Layers(attribution, progress);
                break;
            default:
                attribution.Add(attribution.CleanGradient, 0.5);
                attribution.Add(attribution.Gradient(attribution.Between(Site.ResidPre(0), 0)), 0.5);
                break;
        }

        string name = Path == GradientPath.CleanCorrupted ? "eap, gradients at both ends" : $"eap-ig ({KebabCase.Of(Path.ToString())}, {Steps} steps)";
        return EdgeFinding.Of(name, attribution, model, pairs, metric, new CircuitRequest(Edges, Choose, Check), progress);
    }

    // The heads of a layer are moved together, so that a layer costs as many runs as there are steps.
    private void Layers(EdgeAttribution attribution, Progress progress)
    {
        IReadOnlyList<EdgeSource> sources = attribution.Graph.Sources;
        int total = sources.Select(source => (source.Node, source.Layer)).Distinct().Count() * Steps;
        int done = 0;
        for (int first = 0; first < sources.Count;)
        {
            EdgeSource source = sources[first];
            int count = sources.Skip(first).TakeWhile(other => other.Node == source.Node && other.Layer == source.Layer).Count();
            Site site = source.Node switch
            {
                EdgeNode.Input => Site.ResidPre(0),
                EdgeNode.Head => Site.Z(source.Layer),
                _ => Site.MlpOut(source.Layer),
            };
            Walk(attribution, site, first, count, progress, done, total);
            done += Steps;
            first += count;
        }
    }

    private void Walk(EdgeAttribution attribution, Site site, int first, int count, Progress progress, int done, int total)
    {
        for (int step = 0; step < Steps; step++)
        {
            progress.Step("taking gradients between the prompts", done + step, total);
            Replace point = attribution.Between(site, (step + (From == PathEnd.Clean ? 1.0 : 0.0)) / Steps);
            attribution.Add(attribution.Gradient(point), 1.0 / Steps, first, count);
        }
    }
}
