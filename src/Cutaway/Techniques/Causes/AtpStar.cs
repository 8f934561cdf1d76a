using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// AtP* (Kramár et al. 2024, "AtP*: An efficient and scalable method for localizing LLM behaviour to components"): attribution
/// patching without its two blind spots. Queries and keys go through the softmax as it is (QK fix), and the gradient is taken
/// once for each layer with that layer's contributions held, so that a direct effect and one through that layer cannot cancel
/// (GradDrop). A part's score is the mean over layers and pairs of the estimate's size. The best parts are patched for real,
/// and random halves of the others bound what may have been missed.
/// </summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The same prompt without the information in question; as many tokens.</param>
/// <param name="Answer">What the clean prompt is continued by.</param>
/// <param name="Versus">What the corrupted prompt is continued by.</param>
/// <param name="Pairs">A file or a generator of pairs instead.</param>
/// <param name="Count">How many pairs.</param>
/// <param name="Seed">Draws pairs and subsets.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Direction">Which run is changed, and so where the gradient is taken.</param>
/// <param name="ByPosition">Whether a part is taken position by position.</param>
/// <param name="GradDrop">Whether gradients are taken with each layer held in turn.</param>
/// <param name="Verify">Best parts patched for real.</param>
/// <param name="Subsets">Random halves of the other parts that are patched; at least 30 to say anything, 0 for none.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
[Technique("atp-star", Section.Causes, "Rank heads' queries, keys, values and outputs, and MLPs, by attribution patching without its blind spots",
    Topic = "attribution-patching",
    Examples = "atp-star\natp-star --verify 30 --subsets 50\natp-star --by-position --direction denoising")]
public sealed record AtpStar(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help("Draws generated pairs, and subsets")] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("Which run is changed: the clean one (what is needed) or the corrupted one (what suffices)")] PatchDirection Direction = PatchDirection.Noising,
    [property: Help("Take every position of a part by itself")] bool ByPosition = false,
    [property: Help("Take gradients with each layer held in turn")] bool GradDrop = true,
    [property: Help("Best parts patched for real"), Range(0, 100000)] int Verify = 10,
    [property: Help("Random halves of the other parts patched, to bound what was missed (30 or more; 0 for none)"), Range(0, 100000)] int Subsets = 0,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null) : ITechnique<AtpStarFinding>
{
    // The one-sided 95 % point of the normal distribution, near enough to Student's for thirty subsets and more.
    private const double Confidence = 1.645;

    private const int FewestSubsets = 30;

    /// <inheritdoc/>
    public AtpStarFinding Run(LanguageModel model, Progress progress = default)
    {
        PairBatch pairs = new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), progress);
    }

    /// <summary>Ranks the parts for pairs of one's own, by any metric that has a gradient.</summary>
    public AtpStarFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        if (Subsets is > 0 and < FewestSubsets)
        {
            throw CutawayException.Usage($"--subsets {Subsets} are too few for a bound; take at least {FewestSubsets}, or 0 for none");
        }

        int positions = pairs.CommonPositions;
        PatchGrid[] grids = [.. Sites(model.Config).Select(site => PatchGrid.Of(model, site, By(site), positions))];
        (TokenBatch prompts, TokenBatch others) = Direction.Prompts(pairs);
        progress.Step("running the prompts", 0, 1);
        Run other = model.Run(others, [.. QkFix.OtherNeeds(model), .. grids.SelectMany(PatchAttribution.OtherNeeds)], metric.Scope, progress.Cancellation);
        GradientRun run = model.Differentiate(prompts, metric, Plan(model, grids), progress.Cancellation);
        double[][] plain = Estimates(grids, run, other, positions, fix: false);
        double[][] estimates = Estimates(grids, run, other, positions, fix: true);
        PatchPart[] parts = [.. grids.SelectMany(grid => grid.Cells.SelectMany(row => row).Select(cell => new PatchPart(grid, cell!)))];
        double[] scores = GradDrop && model.Config.Layers > 1 ? Dropped(model, prompts, metric, grids, parts, run.Run, other, positions, progress) : Sizes(estimates);
        int[] order = [.. Enumerable.Range(0, parts.Length).OrderByDescending(i => scores[i])];
        Variant[] best = [.. order.Take(Verify).Select(i => new Variant(parts[i].Name, parts[i].Patch(other)))];
        PatchPart[] rest = [.. order.Skip(Verify).Select(i => parts[i])];
        SweepResult? patched = best.Length == 0 && Subsets == 0 ? null : new Sweep(prompts, metric, [.. best, .. Halves(rest, other)]) { MemoryBudget = (Memory ?? MemorySize.Default).Bytes }.Run(model, progress);
        return new AtpStarFinding
        {
            Request = this,
            Metric = PromptTokens.Metric(metric, pairs),
            CleanValue = (Direction == PatchDirection.Denoising ? MetricReader.Read(metric, other.Logits) : run.Values).Average(),
            CorruptValue = (Direction == PatchDirection.Denoising ? run.Values : MetricReader.Read(metric, other.Logits)).Average(),
            Ranking =
            [
                .. order.Select((i, rank) => new AtpPart(
                    parts[i].Name, scores[i], estimates.Average(item => item[i]), plain.Average(item => item[i]),
                    rank < best.Length ? patched!.Mean(rank) - patched.Baseline.Average() : null)),
            ],
            MissedBound = Subsets == 0 || rest.Length == 0 ? null : Bound(patched!, best.Length),
        };
    }

    private static PatchSite[] Sites(NetworkConfig config) =>
        [PatchSite.HeadQ, PatchSite.HeadK, PatchSite.HeadV, PatchSite.HeadZ, .. config.AttentionOnly ? [] : new[] { PatchSite.MlpOut }];

    private static PlanItem[] Plan(LanguageModel model, PatchGrid[] grids) => [.. QkFix.Needs(model), .. grids.SelectMany(PatchAttribution.Needs)];

    /// <summary>Every part's estimate, [pair][part].</summary>
    private static double[][] Estimates(PatchGrid[] grids, GradientRun run, Run other, int positions, bool fix)
    {
        double[][][][] effects =
        [
            .. grids.Select(grid => fix && grid.Site is PatchSite.HeadQ or PatchSite.HeadK
                ? QkFix.Effects(grid, run, other, positions)
                : PatchAttribution.Effects(grid, run, other, positions)),
        ];
        return [.. Enumerable.Range(0, run.Run.Tokens.Batch).Select(item => effects.SelectMany(grid => grid[item].SelectMany(row => row)).ToArray())];
    }

    private static double[] Sizes(double[][] estimates) => [.. estimates[0].Select((_, part) => estimates.Average(item => Math.Abs(item[part])))];

    // Holding a layer's contributions at what they are changes no value; it cuts the gradient that would pass through them.
    private static double[] Dropped(
        LanguageModel model, TokenBatch prompts, Metric metric, PatchGrid[] grids, PatchPart[] parts, Run run, Run other, int positions, Progress progress)
    {
        int layers = model.Config.Layers;
        Site[] Held(int layer) => [Site.AttnOut(layer), .. model.Config.AttentionOnly ? [] : new[] { Site.MlpOut(layer) }];
        Run values = model.Run(prompts, Capture.All([.. Enumerable.Range(0, layers).SelectMany(Held)]), LogitScope.None, progress.Cancellation);
        double[] scores = new double[parts.Length];
        for (int layer = 0; layer < layers; layer++)
        {
            progress.Step("taking gradients with each layer held", layer, layers);
            PlanItem[] plan = [.. Held(layer).Select(site => Freeze.At(site, values)), .. Plan(model, grids)];
            double[] sizes = Sizes(Estimates(grids, model.Differentiate(prompts, metric, plan, progress.Cancellation), other, positions, fix: true));
            for (int part = 0; part < parts.Length; part++)
            {
                scores[part] += parts[part].Cell.Layer == layer ? 0 : sizes[part] / (layers - 1);
            }
        }

        return scores;
    }

    /// <summary>
    /// If a part left out had an effect of θ that others do not cancel, random halves, of which one in two holds it, would change
    /// the metric by θ/2 on average; twice the upper end of that average bounds θ.
    /// </summary>
    private static double Bound(SweepResult patched, int first)
    {
        double[] sizes = [.. patched.Values.Skip(first).Select(values => values.Zip(patched.Baseline, (value, before) => Math.Abs(value - before)).Average())];
        double mean = sizes.Average();
        double deviation = Math.Sqrt(sizes.Sum(size => (size - mean) * (size - mean)) / (sizes.Length - 1));
        return 2 * (mean + (Confidence * deviation / Math.Sqrt(sizes.Length)));
    }

    private PatchBy By(PatchSite site) => (PatchGrid.HasHeads(site), ByPosition) switch
    {
        (true, true) => PatchBy.HeadPosition,
        (true, false) => PatchBy.Head,
        (false, true) => PatchBy.Position,
        _ => PatchBy.Layer,
    };

    private IEnumerable<Variant> Halves(PatchPart[] rest, Run other)
    {
        SeededRandom random = new((ulong)(uint)Seed);
        for (int subset = 0; subset < Subsets; subset++)
        {
            yield return new Variant($"subset {subset}", [.. rest.Where(_ => random.Next(2) == 0).Select(part => part.Patch(other))]);
        }
    }

    /// <summary>A part that can be patched.</summary>
    private sealed record PatchPart(PatchGrid Grid, PatchCell Cell)
    {
        public string Name => $"{KebabCase.Of(Grid.Site.ToString())} of {PatchLabels.Name(Cell)}";

        public Replace Patch(Run other) => new() { Site = Grid.At(Cell), Values = other[Grid.Point(Cell.Layer).Name] };
    }
}
