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

/// <summary>What is put in an activation's place.</summary>
public enum PatchSource
{
    /// <summary>What it was on the other prompt.</summary>
    Other,

    /// <summary>Zero.</summary>
    Zero,

    /// <summary>Its mean over the positions of the other prompt.</summary>
    Mean,

    /// <summary>What it is, with Gaussian noise added.</summary>
    Noise,
}

/// <summary>
/// Activation patching: one activation at a time is replaced by what it was on another prompt, and the answer is measured
/// (Vig et al. 2020; Meng et al. 2022; conventions as in Heimersheim and Nanda 2024, "How to use and interpret activation
/// patching"). Effects are shares of the difference between the clean and the corrupted prompt, and are not clipped.
/// </summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The same prompt without the information in question; as many tokens.</param>
/// <param name="Answer">What the clean prompt is continued by.</param>
/// <param name="Versus">What the corrupted prompt is continued by.</param>
/// <param name="Pairs">A file or a generator of prompt pairs, instead of the four.</param>
/// <param name="Count">Pairs taken of it.</param>
/// <param name="Seed">Draws generated pairs, and noise.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Over">What is patched.</param>
/// <param name="By">How finely.</param>
/// <param name="Direction">Which run is changed.</param>
/// <param name="Source">What is put in.</param>
/// <param name="Noise">Standard deviation of the noise, in standard deviations of the activation itself.</param>
/// <param name="Window">Layers patched together, around each layer.</param>
/// <param name="Layers">Layers gone over; by default all.</param>
/// <param name="Heads">Heads gone over; by default all.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
/// <param name="Checkpoint">A file that keeps what is done, so that an interrupted run can go on.</param>
/// <param name="Top">Places listed.</param>
[Technique("activation-patching", Section.Causes, "Replace one activation at a time by what it was on another prompt, and measure the answer",
    Topic = "activation-patching",
    Examples = "activation-patching --over head-z\nactivation-patching --clean \"When Mary and John went to the store, John gave a drink to\" --corrupt \"When Mary and John went to the store, Mary gave a drink to\" --answer \" Mary\" --versus \" John\" --over resid-pre --direction noising")]
public sealed record ActivationPatching(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help("Draws generated pairs, and noise")] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("What is patched")] PatchSite Over = PatchSite.ResidPre,
    [property: Help("How finely")] PatchBy By = PatchBy.Auto,
    [property: Help("Which run is changed: the corrupted one (what suffices) or the clean one (what is needed)")] PatchDirection Direction = PatchDirection.Denoising,
    [property: Help("What is put in")] PatchSource Source = PatchSource.Other,
    [property: Help("Noise added, in standard deviations of the activation"), Range(0.0, 1000.0)] double Noise = 3,
    [property: Help("Layers patched together, around each layer"), Range(1, 1000)] int Window = 1,
    [property: Help("Layers gone over (default: all)")] IReadOnlyList<int>? Layers = null,
    [property: Help("Heads gone over, such as 23.3 (default: all)")] IReadOnlyList<HeadName>? Heads = null,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null,
    [property: Help("File that keeps what is done, to go on after an interruption")] string? Checkpoint = null,
    [property: Help("Places listed"), Range(1, 200)] int Top = 10) : ITechnique<ActivationPatchingFinding>
{
    /// <inheritdoc/>
    public ActivationPatchingFinding Run(LanguageModel model, Progress progress = default)
    {
        PairBatch pairs = new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), progress);
    }

    /// <summary>Patches prompt pairs of one's own, measured by a metric of one's own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">The prompts.</param>
    /// <param name="metric">What is measured, made for these pairs.</param>
    /// <param name="progress">Reports and cancels long work.</param>
    public ActivationPatchingFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        if (Direction == PatchDirection.Denoising && Source != PatchSource.Other)
        {
            throw CutawayException.Usage($"--source {KebabCase.Of(Source.ToString())} takes information out and cannot restore any; use --direction noising");
        }

        int positions = pairs.CommonPositions;
        PatchGrid grid = PatchGrid.Of(model, Over, By, positions, Layers, Heads);
        CheckShape(grid, pairs, positions);
        (TokenBatch prompts, TokenBatch other) = Direction.Prompts(pairs);
        Run reference = model.Run(
            Source == PatchSource.Noise ? prompts : other, Capture.All([.. Sources(grid, model.Config.Layers).Select(point => new Site(point.Name))]), metric.Scope, progress.Cancellation);
        Dictionary<int, Tensor> values = Sources(grid, model.Config.Layers).ToDictionary(point => point.Layer, point => Values(reference, point));
        List<PatchCell> cells = [.. grid.Cells.SelectMany(row => row).OfType<PatchCell>()];
        Sweep sweep = new(prompts, metric, [.. cells.Select(cell => Variant(grid, cell, values))]) { MemoryBudget = (Memory ?? MemorySize.Default).Bytes };
        double[] others = MetricReader.Read(metric, (Source == PatchSource.Noise ? model.Run(other, [], metric.Scope, progress.Cancellation) : reference).Logits);
        double[] own = MetricReader.Read(metric, model.Run(prompts, [], metric.Scope, progress.Cancellation).Logits);
        Normalization scale = Direction == PatchDirection.Denoising ? new(others, own) : new(own, others, ScoreScale.Change);

        // Prompts that leave nothing to explain are refused before the long work.
        _ = scale.Mean(own);
        SweepResult result = Checkpoint is null ? sweep.Run(model, progress) : SweepCheckpoint.Run(sweep, model, Checkpoint, progress);
        int next = 0;
        return new ActivationPatchingFinding
        {
            Request = this with { By = grid.By },
            Labels = PatchLabels.Of(model, grid, pairs, positions),
            Metric = PromptTokens.Metric(metric, pairs),
            CleanValue = scale.Clean.Average(),
            CorruptValue = scale.Corrupt.Average(),
            Effects = [.. grid.Cells.Select(row => row.Select(cell => cell is null ? double.NaN : scale.Mean(result.Values[next++])).ToArray())],
        };
    }

    private void CheckShape(PatchGrid grid, PairBatch pairs, int positions)
    {
        if (Window > 1 && grid.By is not (PatchBy.Layer or PatchBy.Position))
        {
            throw CutawayException.Usage($"--window {Window} joins layers, and heads and neurons of different layers do not belong together; use it with --by position or --by layer");
        }

        if (grid.By == PatchBy.Edge && positions != pairs.Clean.Length)
        {
            throw CutawayException.Input("prompts of different lengths have no keys in common to patch one by one; use --by head-position, or prompts of one length");
        }

        if (Source == PatchSource.Noise && Over is PatchSite.HeadPattern or PatchSite.HeadScores)
        {
            throw CutawayException.Usage($"noise on {KebabCase.Of(Over.ToString())} has no scale of its own; add it to head-q or head-k");
        }
    }

    private IEnumerable<HookPoint> Sources(PatchGrid grid, int layers) =>
        grid.Points.SelectMany(point => Together(point.Layer, layers)).Distinct().Order().Select(grid.Point);

    /// <summary>The layers patched together with one: a window around it, cut off at the ends.</summary>
    private IEnumerable<int> Together(int layer, int layers)
    {
        int first = layer - (Window / 2);
        return Enumerable.Range(first, Window).Where(other => other >= 0 && other < layers);
    }

    private Variant Variant(PatchGrid grid, PatchCell cell, Dictionary<int, Tensor> values) =>
        new(PatchLabels.Name(cell), [.. Together(cell.Layer, int.MaxValue).Where(values.ContainsKey).Select(layer => new Replace
        {
            Site = grid.At(cell, layer),
            Values = values[layer],
            Elements = cell.Element < 0 ? null : [cell.Element],
        })]);

    private Tensor Values(Run reference, HookPoint point)
    {
        Tensor captured = reference[point.Name];
        switch (Source)
        {
            case PatchSource.Zero:
                return Tensor.Of(new float[captured.Shape[^1]], [captured.Shape[^1]]);
            case PatchSource.Mean:
                return Ablate.Mean(point.Name, reference).Values!;
            case PatchSource.Noise:
                double[] values = captured.ToDoubles();
                double mean = values.Average();
                double deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
                SeededRandom random = new(((ulong)(uint)Seed << 32) | (uint)point.Layer);
                return Tensor.Of(Array.ConvertAll(values, value => value + (Noise * deviation * random.NextNormal())), [.. captured.Shape], captured.Axes);
            default:
                return captured;
        }
    }
}
