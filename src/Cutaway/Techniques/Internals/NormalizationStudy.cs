using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Techniques.Internals;

/// <summary>
/// What the norms do: folding their weights into what reads them leaves every prediction as it was, and with a norm's
/// scale frozen the path from a part to the logits is linear; how wrong that is shows when a part is removed (Elhage et al.
/// 2021, "Handling Layer Normalization"; McGrath et al. 2023 on the norm's share of self-repair).
/// </summary>
/// <param name="Prompt">The text.</param>
[Technique("normalization", Section.Internals, "Fold the norms away, freeze their scale, and see what that changes",
    Topic = "layer-normalization",
    Examples = "normalization \"The capital of France is\" --model path/to/model.gguf")]
public sealed record NormalizationStudy(
    [property: Help("Text to run", Argument = true)] Prompt Prompt) : ITechnique<NormalizationFinding>
{
    /// <inheritdoc/>
    public NormalizationFinding Run(LanguageModel model, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        if (config.Norm == NormKind.None)
        {
            throw CutawayException.Usage($"'{model.Name}' has no norms: its parts are linear as they are. Choose a model with norms (--model)");
        }

        progress.Step("running", 0, 3);
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt));
        Site[] scales = [.. model.Network.Hooks.Points
            .Where(point => point.Kind is HookKind.AttentionNormScale or HookKind.MlpNormScale or HookKind.FinalNormScale)
            .Select(point => new Site(point.Name))];
        Run raw = model.Run(tokens, Capture.All(scales), LogitScope.All, progress.Cancellation);
        progress.Step("folding", 1, 3);
        ProcessingSteps steps = WeightProcessing.Suitable(config) & (ProcessingSteps.FoldNorms | ProcessingSteps.CenterWritingWeights);
        (NetworkConfig foldedConfig, NetworkWeights foldedWeights) = WeightProcessing.Apply(config, model.Network.Weights, steps, model.DType);
        LanguageModel folded = model.WithNetwork(new TransformerNetwork(foldedConfig, foldedWeights, model.Network.Pool));
        double change = LargestLogProbabilityChange(raw.Logits, folded.Run(tokens, [], LogitScope.All, progress.Cancellation).Logits);
        progress.Step("freezing", 2, 3);
        List<FrozenScale> parts = [];
        Site final = scales[^1];
        double[] clean = raw.LastLogits();
        int answer = Reductions.ArgMax<double>(clean);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            Site part = config.AttentionOnly ? Site.AttnOut(layer) : Site.MlpOut(layer);
            double free = model.Run(tokens, [Ablate.Zero(part)], LogitScope.Last, progress.Cancellation).LastLogits()[answer];
            double frozen = model.Run(tokens, [Ablate.Zero(part), Freeze.At(final, raw)], LogitScope.Last, progress.Cancellation).LastLogits()[answer];
            parts.Add(new(part.Name, free - clean[answer], frozen - clean[answer]));
        }

        progress.Step("done", 3, 3);
        return new NormalizationFinding
        {
            Tokens = model.TokenTexts(tokens.Row(0).ToArray()),
            Sites = [.. scales.Select(site => site.Name)],
            Scales = [.. scales.Select(site => (IReadOnlyList<double>)raw[site].ToDoubles())],
            Applied = foldedConfig.AppliedProcessing,
            LogProbabilityChange = change,
            Answer = model.Tokenizer.TokenText(answer),
            Frozen = parts,
        };
    }

    private static double LargestLogProbabilityChange(Tensor a, Tensor b)
    {
        int vocabulary = a.Shape[^1];
        double worst = 0;
        for (int row = 0; row < a.Count / vocabulary; row++)
        {
            double[] x = [.. Enumerable.Range(row * vocabulary, vocabulary).Select(a.At)];
            double[] y = [.. Enumerable.Range(row * vocabulary, vocabulary).Select(b.At)];
            double sumX = Softmax.LogSumExp<double>(x);
            double sumY = Softmax.LogSumExp<double>(y);
            for (int i = 0; i < vocabulary; i++)
            {
                worst = Math.Max(worst, Math.Abs(x[i] - sumX - (y[i] - sumY)));
            }
        }

        return worst;
    }
}

/// <summary>What removing a part does to the answer's logit, with the final norm free and with its scale frozen.</summary>
/// <param name="Part">The part, removed by zero ablation.</param>
/// <param name="Free">Change of the logit.</param>
/// <param name="Frozen">Change with the final norm's scale held.</param>
public sealed record FrozenScale(string Part, double Free, double Frozen);

/// <summary>What the norms do.</summary>
public sealed record NormalizationFinding : Finding
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The norms' scale sites.</summary>
    public required IReadOnlyList<string> Sites { get; init; }

    /// <summary>Scale at each site and position.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Scales { get; init; }

    /// <summary>The processing that folded them.</summary>
    public required IReadOnlyList<string> Applied { get; init; }

    /// <summary>The largest change of any log-probability by folding.</summary>
    public required double LogProbabilityChange { get; init; }

    /// <summary>The token whose logit is followed: the model's first choice.</summary>
    public required string Answer { get; init; }

    /// <summary>Free and frozen effects of each layer's part.</summary>
    public required IReadOnlyList<FrozenScale> Frozen { get; init; }

    /// <inheritdoc/>
    public override string Headline => FormattableString.Invariant(
        $"Folding the norms ({string.Join(", ", Applied)}) changes no log-probability by more than {LogProbabilityChange:0.0e+0}; freezing the final scale changes single-part effects by up to {Frozen.Max(part => Math.Abs(part.Free - part.Frozen)):0.00} logits");

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new HeatMapView("Scale of each norm", Sites, Tokens, Scales)
        {
            RowAxis = "norm", ColumnAxis = "token", Unit = "scale (the divisor)",
            Caption = "Each norm divides the residual stream by this number; the stream grows from layer to layer, so later parts must write more to matter as much.",
        },
        new TableView("Removing a part, with the final norm free and frozen", ["part removed", "change, free", "change, frozen scale", "the norm's share"],
            [.. Frozen.Select(part => (IReadOnlyList<object>)[part.Part, part.Free, part.Frozen, part.Free - part.Frozen])])
        {
            Caption = $"Change of the logit of '{Answer}'. The difference of the two is what the final norm's rescaling does: the error of the linear picture.",
        },
    ];
}
