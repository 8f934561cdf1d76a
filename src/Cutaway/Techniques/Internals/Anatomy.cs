using System.Globalization;
using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Internals;

/// <summary>
/// Takes a model apart: its parts, shapes, parameters and hook points, and the residual stream as a running sum of what
/// each part writes (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
/// </summary>
/// <param name="Prompt">A text to follow through the model; by default that of <c>explain</c>.</param>
[Technique("anatomy", Section.Internals, "A model's parts, shapes, parameters and hook points, and its residual stream as a running sum",
    Topic = "transformer-architecture",
    Examples = "anatomy\nanatomy \"When Mary and John went to the store\" --model path/to/model.gguf")]
public sealed record Anatomy(
    [property: Help("Text to follow through the model (default: that of explain)", Argument = true)] Prompt? Prompt = null) : ITechnique<AnatomyFinding>
{
    /// <inheritdoc/>
    public AnatomyFinding Run(LanguageModel model, Progress progress = default)
    {
        progress.Step("reading the model", 0, 1);
        NetworkConfig config = model.Config;
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt ?? Explain.DefaultPrompt));
        HookTable hooks = model.Network.Hooks;
        List<HookPoint> written = [.. hooks.Points.Where(point => point.Kind
            is HookKind.Embed or HookKind.PositionEmbed or HookKind.AttentionOut or HookKind.CrossOut or HookKind.MlpOut)];
        if (config.Positions == PositionKind.Shortformer)
        {
            written.RemoveAll(point => point.Kind == HookKind.PositionEmbed);
        }

        HookPoint last = hooks.Find(HookKind.ResidPost, config.Layers - 1)!;
        Run run = model.Run(tokens, Capture.All([.. written.Append(last).Select(point => new Sites.Site(point.Name))]), LogitScope.None, progress.Cancellation);
        List<ResidualStep> steps = [];
        int d = config.DModel;
        double[] sum = new double[tokens.Length * d];
        foreach (HookPoint point in written)
        {
            Tensor part = run.Captures[point.Name];
            double added = 0;
            double total = 0;
            for (int i = 0; i < sum.Length; i++)
            {
                double value = part.At(i);
                sum[i] += value;
                added += i >= sum.Length - d ? value * value : 0;
                total += i >= sum.Length - d ? sum[i] * sum[i] : 0;
            }

            steps.Add(new(point.Name, Math.Sqrt(added), Math.Sqrt(total)));
        }

        double error = 0;
        double size = 0;
        Tensor end = run.Captures[last.Name];
        for (int i = 0; i < sum.Length; i++)
        {
            error = Math.Max(error, Math.Abs(sum[i] - end.At(i)));
            size = Math.Max(size, Math.Abs(end.At(i)));
        }

        progress.Step("done", 1, 1);
        return new AnatomyFinding
        {
            Model = model.Name,
            Config = config,
            Parameters = ParameterCounts.Of(model.Network),
            HookPoints = [.. hooks.Points.Where(point => point.Layer <= 0)],
            HookPointCount = hooks.Points.Count,
            Residual = steps,
            SumError = size == 0 ? error : error / size,
        };
    }
}

/// <summary>One write to the residual stream, at the last position.</summary>
/// <param name="Site">Which part wrote.</param>
/// <param name="Norm">Length of what it wrote.</param>
/// <param name="Total">Length of the residual stream afterwards.</param>
public sealed record ResidualStep(string Site, double Norm, double Total);

/// <summary>A model taken apart.</summary>
public sealed record AnatomyFinding : Finding
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Shape and arithmetic.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public required NetworkConfig Config { get; init; }

    /// <summary>Parameters of each kind of part.</summary>
    public required IReadOnlyList<ParameterCount> Parameters { get; init; }

    /// <summary>Hook points outside the blocks and of block 0; the other blocks have the same.</summary>
    public required IReadOnlyList<HookPoint> HookPoints { get; init; }

    /// <summary>All hook points.</summary>
    public required int HookPointCount { get; init; }

    /// <summary>The residual stream as a running sum.</summary>
    public required IReadOnlyList<ResidualStep> Residual { get; init; }

    /// <summary>The largest difference between the sum of the parts and the residual stream, relative to its largest value.</summary>
    public required double SumError { get; init; }

    /// <inheritdoc/>
    public override string Headline =>
        $"{Model}: {Config.Layers} layers of {Config.Heads} heads{(Config.AttentionOnly ? "" : $" and {Config.DMlp} neurons")} on a residual stream of {Config.DModel}, "
        + $"{Parameters.Sum(count => count.Count):N0} parameters; the parts sum to the residual stream to within {SumError:0.0e+0}";

    private string Windows
    {
        get
        {
            int[] windows = [.. Config.LayerConfigs.Select(layer => layer.Window).OfType<int>()];
            return windows.Length == 0 ? "none" : $"{string.Join(", ", windows.Distinct())} positions in {windows.Length} of {Config.Layers} layers";
        }
    }

    // In single precision, as generation keeps it.
    private string KeyValueMemory => string.Create(
        CultureInfo.InvariantCulture,
        $"{sizeof(float) * KeyValueCache.NumbersFor(Config, 1, Config.Context) / 1e6:0.0##} MB at {Config.Context} positions");

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new TableView("Shape", ["property", "value"],
        [
            ["architecture", Config.Architecture],
            ["layers", Config.Layers],
            ["d_model", Config.DModel],
            ["heads", Config.Heads],
            ["key/value heads", Config.KeyValueHeads],
            ["d_head", Config.DHead],
            .. Config.DValue == Config.DHead ? [] : new IReadOnlyList<object>[] { ["width of values", Config.DValue] },
            .. Config.Latent is { } latent ? new IReadOnlyList<object>[] { ["keys and values from a latent of", latent.Width] } : [],
            ["d_mlp", Config.DMlp],
            ["vocabulary", Config.Vocabulary],
            ["context", Config.Context],
            ["window", Windows],
            ["key/value cache", KeyValueMemory],
            ["norm", Config.Norm.ToString()],
            ["positions", Config.Positions.ToString()],
            ["block", Config.Block.ToString()],
            ["activation", Config.AttentionOnly ? "none" : Config.Activation + (Config.GatedMlp ? ", gated" : "")],
            ["weights processed", Config.AppliedProcessing.Count == 0 ? "no (raw)" : string.Join(", ", Config.AppliedProcessing)],
        ]),
        new BarsView("Parameters by part", [.. Parameters.Select(count => count.Part)], [.. Parameters.Select(count => (double)count.Count)]) { Unit = "parameters" },
        new BarsView("What each part writes to the residual stream", [.. Residual.Select(step => step.Site)], [.. Residual.Select(step => step.Norm)])
        {
            Unit = "length of the vector written at the last position",
            Caption = "The residual stream is the sum of these vectors; nothing else is ever added to it.",
        },
        new LinesView("The residual stream grows", [.. Enumerable.Range(0, Residual.Count).Select(i => (double)i)], [new("length", [.. Residual.Select(step => step.Total)])])
        {
            XAxis = "parts summed", YAxis = "length at the last position",
        },
        new TableView("Hook points", ["name", "axes", "extents", "on demand"],
        [
            .. HookPoints.Select(point => (IReadOnlyList<object>)
            [
                point.Name,
                string.Join(", ", point.Axes),
                string.Join(" × ", point.Extents.Zip(point.Axes, (extent, axis) => extent == 0 ? axis : extent.ToString(System.Globalization.CultureInfo.InvariantCulture))),
                point.Optional ? "yes" : "",
            ]),
        ])
        {
            Caption = $"Those outside the blocks and of block 0, of {HookPointCount} in all; the other blocks have the same.",
        },
    ];
}
