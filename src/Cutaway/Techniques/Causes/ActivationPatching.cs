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

/// <summary>Which run is changed.</summary>
public enum PatchDirection
{
    /// <summary>The corrupted prompt runs, and gets back parts of the clean run: what suffices.</summary>
    Denoising,

    /// <summary>The clean prompt runs, and loses parts: what is needed.</summary>
    Noising,
}

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
/// <param name="Over">What is patched.</param>
/// <param name="By">How finely.</param>
/// <param name="Direction">Which run is changed.</param>
/// <param name="Source">What is put in.</param>
/// <param name="Noise">Standard deviation of the noise, in standard deviations of the activation itself.</param>
/// <param name="Seed">Draws the noise.</param>
/// <param name="Window">Layers patched together, around each layer.</param>
/// <param name="Layers">Layers gone over; by default all.</param>
/// <param name="Top">Places listed.</param>
[Technique("activation-patching", Section.Causes, "Replace one activation at a time by what it was on another prompt, and measure the answer",
    Topic = "activation-patching",
    Examples = "activation-patching --over head-z\nactivation-patching --clean \"When Mary and John went to the store, John gave a drink to\" --corrupt \"When Mary and John went to the store, Mary gave a drink to\" --answer \" Mary\" --versus \" John\" --over resid-pre --direction noising")]
public sealed record ActivationPatching(
    [property: Help("Prompt whose behaviour is explained")] Prompt? Clean = null,
    [property: Help("Prompt without the information in question, of as many tokens")] Prompt? Corrupt = null,
    [property: Help("Token that continues the clean prompt")] string Answer = " Mary",
    [property: Help("Token that continues the corrupted prompt")] string Versus = " John",
    [property: Help("What is patched")] PatchSite Over = PatchSite.ResidPre,
    [property: Help("How finely")] PatchBy By = PatchBy.Auto,
    [property: Help("Which run is changed: the corrupted one (what suffices) or the clean one (what is needed)")] PatchDirection Direction = PatchDirection.Denoising,
    [property: Help("What is put in")] PatchSource Source = PatchSource.Other,
    [property: Help("Noise added, in standard deviations of the activation"), Range(0.0, 1000.0)] double Noise = 3,
    [property: Help("Draws the noise")] int Seed = 0,
    [property: Help("Layers patched together, around each layer"), Range(1, 1000)] int Window = 1,
    [property: Help("Layers gone over (default: all)")] IReadOnlyList<int>? Layers = null,
    [property: Help("Places listed"), Range(1, 200)] int Top = 10) : ITechnique<ActivationPatchingFinding>
{
    /// <inheritdoc/>
    public ActivationPatchingFinding Run(LanguageModel model, Progress progress = default)
    {
        PromptPair pair = new(Clean ?? Reading.Explain.DefaultPrompt, Corrupt ?? "When Mary and John went to the store, Mary gave a drink to", Answer, Versus);
        PairBatch pairs = PairBatch.Encode(model, pair);
        return Run(model, pairs, new LogitDifference(pairs.Answers, pairs.Versus), progress);
    }

    /// <summary>Patches pairs of prompts of one's own, measured by any metric.</summary>
    public ActivationPatchingFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        if (Direction == PatchDirection.Denoising && Source != PatchSource.Other)
        {
            throw CutawayException.Usage($"--source {KebabCase.Of(Source.ToString())} takes information out and cannot restore any; use --direction noising");
        }

        int positions = Enumerable.Range(0, pairs.Clean.Batch).Min(b => Enumerable.Range(0, pairs.Clean.Length).Count(i => pairs.Clean.IsReal(b, i)));
        PatchGrid grid = PatchGrid.Of(model, Over, By, positions, Layers);
        CheckShape(grid, pairs, positions);
        (TokenBatch prompts, TokenBatch other) = Direction == PatchDirection.Denoising ? (pairs.Corrupt, pairs.Clean) : (pairs.Clean, pairs.Corrupt);
        Run reference = model.Run(
            Source == PatchSource.Noise ? prompts : other, Capture.All([.. Sources(grid, model.Config.Layers).Select(point => new Site(point.Name))]), metric.Scope, progress.Cancellation);
        Dictionary<int, Tensor> values = Sources(grid, model.Config.Layers).ToDictionary(point => point.Layer, point => Values(reference, point));
        List<PatchCell> cells = [.. grid.Cells.SelectMany(row => row).OfType<PatchCell>()];
        SweepResult result = new Sweep(prompts, metric, [.. cells.Select(cell => Variant(grid, cell, values))]).Run(model, progress);
        double own = result.Baseline.Average();
        double others = MetricReader.Read(metric, model.Run(other, [], metric.Scope, progress.Cancellation).Logits).Average();
        (double clean, double corrupt) = Direction == PatchDirection.Denoising ? (others, own) : (own, others);
        if (Math.Abs(clean - corrupt) < 1e-6 * (1 + Math.Abs(clean)))
        {
            throw CutawayException.Input(FormattableString.Invariant(
                $"the {metric.Name} is {clean:0.####} on the clean prompt and {corrupt:0.####} on the corrupted one: there is no difference to explain. Choose prompts that the model answers differently"));
        }

        int next = 0;
        return new ActivationPatchingFinding
        {
            Request = this with { By = grid.By },
            Labels = PatchLabels.Of(model, grid, pairs, positions),
            Metric = metric is LogitDifference && pairs.Pairs.Count == 1 ? PromptTokens.Metric(pairs.Pairs[0].Answer, pairs.Pairs[0].Versus) : metric.Name,
            CleanValue = clean,
            CorruptValue = corrupt,
            Effects = [.. grid.Cells.Select(row => row.Select(cell => cell is null ? double.NaN : (result.Mean(next++) - own) / (clean - corrupt)).ToArray())],
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
