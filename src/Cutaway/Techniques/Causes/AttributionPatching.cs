using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Planning;
using Cutaway.Runs;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// Attribution patching: what activation patching would do, estimated for every place at once from one gradient (Nanda 2023,
/// "Attribution Patching"; Syed et al. 2023). The effect of a patch is taken to be linear: the change of the activation times
/// the gradient at the run that is changed. It is close for heads and small parts, and poor for the residual stream of early
/// layers and for saturated attention; <c>--check</c> patches everything for real and says how close.
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
/// <param name="Over">What is patched.</param>
/// <param name="By">How finely.</param>
/// <param name="Direction">Which run is changed, and so where the gradient is taken.</param>
/// <param name="Check">Whether to patch every place for real too.</param>
/// <param name="Layers">Layers gone over; by default all.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
/// <param name="Top">Places listed.</param>
[Technique("attribution-patching", Section.Causes, "Estimate every activation patch at once from one gradient",
    Topic = "attribution-patching",
    Examples = "attribution-patching --over head-z --check\nattribution-patching --over resid-pre --direction noising")]
public sealed record AttributionPatching(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help(PairHelp.Seed)] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("What is patched")] PatchSite Over = PatchSite.HeadZ,
    [property: Help("How finely")] PatchBy By = PatchBy.Auto,
    [property: Help("Which run is changed: the corrupted one (what suffices) or the clean one (what is needed)")] PatchDirection Direction = PatchDirection.Denoising,
    [property: Help("Patch every place for real too, and compare")] bool Check = false,
    [property: Help("Layers gone over (default: all)")] IReadOnlyList<int>? Layers = null,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null,
    [property: Help("Places listed"), Range(1, 200)] int Top = 10) : ITechnique<AttributionPatchingFinding>
{
    /// <inheritdoc/>
    public AttributionPatchingFinding Run(LanguageModel model, Progress progress = default)
    {
        PairBatch pairs = new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), progress);
    }

    /// <summary>Estimates the patches of pairs of prompts of one's own, measured by any metric that has a gradient.</summary>
    public AttributionPatchingFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        int positions = pairs.CommonPositions;
        PatchGrid grid = PatchGrid.Of(model, Over, By, positions, Layers);
        bool denoising = Direction == PatchDirection.Denoising;
        (TokenBatch prompts, TokenBatch others) = Direction.Prompts(pairs);
        progress.Step("running the prompts", 0, 2);
        Run other = model.Run(others, PatchAttribution.OtherNeeds(grid), metric.Scope, progress.Cancellation);
        progress.Step("taking the gradient", 1, 2);
        GradientRun run = model.Differentiate(prompts, metric, PatchAttribution.Needs(grid), progress.Cancellation);
        double[][][] effects = PatchAttribution.Effects(grid, run, other, positions);
        double own = run.Values.Average();
        double theirs = MetricReader.Read(metric, other.Logits).Average();
        ActivationPatchingFinding? exact = Check
            ? new ActivationPatching(Over: Over, By: grid.By, Direction: Direction, Layers: Layers, Memory: Memory, Top: Top).Run(model, pairs, metric, progress)
            : null;
        return new AttributionPatchingFinding
        {
            Request = this with { By = grid.By },
            Labels = PatchLabels.Of(model, grid, pairs, positions),
            Metric = PromptTokens.Metric(metric, pairs),
            CleanValue = denoising ? theirs : own,
            CorruptValue = denoising ? own : theirs,
            Effects = Mean(effects, value => value),
            Sizes = Mean(effects, Math.Abs),
            Exact = exact is null ? null : [.. exact.Effects.Select(row => row.Select(share => share * (exact.CleanValue - exact.CorruptValue)).ToArray())],
        };
    }

    private static double[][] Mean(double[][][] effects, Func<double, double> of) =>
        [.. effects[0].Select((row, r) => row.Select((_, c) => effects.Average(item => of(item[r][c]))).ToArray())];
}
