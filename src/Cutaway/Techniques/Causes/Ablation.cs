using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;

namespace Cutaway.Techniques.Causes;

/// <summary>What is ablated, one at a time.</summary>
public enum AblationTargets
{
    /// <summary>Every head and every MLP.</summary>
    All,

    /// <summary>Every head's mixed values (<c>hook_z</c>).</summary>
    Heads,

    /// <summary>Every MLP's output.</summary>
    Mlps,
}

/// <summary>
/// Takes out every head and every MLP, one at a time, and measures what that does to the answer's logit (difference): how
/// much each part matters here. Mean ablation averages the part over the positions of the prompt or of a reference text;
/// resampling puts in what the part was at the same position of a reference text of as many tokens (Chan et al. 2022, "Causal
/// Scrubbing"; Wang et al. 2022 on mean ablation).
/// </summary>
/// <param name="Prompt">The text; by default one with an indirect object.</param>
/// <param name="Answer">The token whose logit is measured, such as " Mary"; by default the model's own first choice.</param>
/// <param name="Versus">A token whose logit is subtracted, such as " John".</param>
/// <param name="Over">What is ablated.</param>
/// <param name="Mode">What an ablated part becomes.</param>
/// <param name="Reference">A text whose activations are averaged or put in; by default the prompt itself is averaged.</param>
/// <param name="Top">Parts listed.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
[Technique("ablate", Section.Causes, "Take out every head and MLP, one at a time, and measure what happens to the answer",
    Topic = "activation-patching",
    Examples = "ablate\nablate \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\"\nablate \"The capital of France is\" --over mlps --mode mean --model path/to/model.gguf")]
public sealed record Ablation(
    [property: Help("Text the model completes (default: Mary and John in the store)", Argument = true)] Prompt? Prompt = null,
    [property: Help("Token measured, such as \" Mary\" (default: the model's first choice)")] string? Answer = null,
    [property: Help("Token whose logit is subtracted, such as \" John\"")] string? Versus = null,
    [property: Help("What is ablated")] AblationTargets Over = AblationTargets.All,
    [property: Help("What an ablated part becomes")] AblationMode Mode = AblationMode.Zero,
    [property: Help("Text whose activations are averaged (mean) or put in (resample, of as many tokens)")] Prompt? Reference = null,
    [property: Help("Parts listed"), Range(1, 200)] int Top = 10,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null) : ITechnique<AblationFinding>
{
    /// <inheritdoc/>
    public AblationFinding Run(LanguageModel model, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        if (Over == AblationTargets.Mlps && config.AttentionOnly)
        {
            throw CutawayException.Usage($"'{model.Name}' has no MLPs; choose --over heads");
        }

        PromptPair example = PromptPair.Default;
        string? named = Answer ?? (Prompt is null ? example.Answer : null);
        string? compared = Versus ?? (Prompt is null && named == example.Answer ? example.Versus : null);
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt ?? example.Clean));
        bool heads = Over != AblationTargets.Mlps;
        bool mlps = Over != AblationTargets.Heads && !config.AttentionOnly;
        Run? reference = Mode == AblationMode.Zero ? null : ReferenceRun(model, tokens, progress);
        Run clean = model.Run(tokens, [], LogitScope.Last, progress.Cancellation);
        double[] logits = clean.LastLogits();
        int answer = PromptTokens.Answer(model, named, logits);
        int? versus = PromptTokens.Versus(model, compared, answer);
        Metric metric = versus is int other ? new LogitDifference([answer], [other]) : new CustomMetric("logit", (_, values) => values[answer]);
        List<Variant> variants = [];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            if (heads)
            {
                variants.AddRange(Enumerable.Range(0, config.Heads).Select(head => Without($"head {layer}.{head}", Site.Z(layer, head), Site.Z(layer))));
            }

            if (mlps)
            {
                variants.Add(Without($"MLP {layer}", Site.MlpOut(layer), Site.MlpOut(layer)));
            }
        }

        SweepResult result = new Sweep(tokens, metric, variants) { MemoryBudget = (Memory ?? MemorySize.Default).Bytes }.Run(model, progress);
        double baseline = result.Baseline[0];
        double[][] layers = [.. result.Values.Select(value => value[0] - baseline).Chunk(variants.Count / config.Layers)];
        return new AblationFinding
        {
            Answer = model.Tokenizer.TokenText(answer),
            Versus = compared,
            Mode = Mode,
            Baseline = baseline,
            Heads = heads ? [.. layers.Select(layer => layer[..config.Heads])] : [],
            Mlps = mlps ? [.. layers.Select(layer => layer[^1])] : [],
            Top = Top,
        };

        Variant Without(string name, Site site, Site whole) => new(name, new Ablate { Site = site, Mode = Mode, Values = reference?[whole] });
    }

    private Run ReferenceRun(LanguageModel model, TokenBatch tokens, Progress progress)
    {
        if (Mode == AblationMode.Resample && Reference is null)
        {
            throw CutawayException.Usage("--mode resample puts in what parts were in another text: give it with --reference, of as many tokens as the prompt");
        }

        TokenBatch read = Reference is null ? tokens : TokenBatch.Single(model.Encode(Reference));
        if (Mode == AblationMode.Resample && read.Length != tokens.Length)
        {
            throw CutawayException.Input($"the reference has {read.Length} tokens and the prompt {tokens.Length}; to resample they must be equally many");
        }

        List<Site> sites = [Site.AllZ, .. model.Config.AttentionOnly ? [] : new Site[] { "blocks.*.hook_mlp_out" }];
        return model.Run(read, Capture.All([.. sites]), LogitScope.None, progress.Cancellation);
    }
}

/// <summary>What taking out each part does.</summary>
public sealed record AblationFinding : Finding
{
    /// <summary>The token measured.</summary>
    public required string Answer { get; init; }

    /// <summary>The token whose logit is subtracted, or null.</summary>
    public string? Versus { get; init; }

    /// <summary>What an ablated part became.</summary>
    public required AblationMode Mode { get; init; }

    /// <summary>The logit (difference) with nothing ablated.</summary>
    public required double Baseline { get; init; }

    /// <summary>Change of the logit (difference) when a head is ablated, [layer][head]; empty if heads were not.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Heads { get; init; }

    /// <summary>Change when an MLP is ablated, by layer; empty if MLPs were not.</summary>
    public required IReadOnlyList<double> Mlps { get; init; }

    /// <summary>Parts listed.</summary>
    public required int Top { get; init; }

    private string Becomes => Mode switch
    {
        AblationMode.Zero => "zero",
        AblationMode.Mean => "its mean",
        _ => "what it was in the reference",
    };

    private string Metric => PromptTokens.Metric(Answer, Versus);

    private IReadOnlyList<(string Part, double Change)> Ranked => [.. PartRanking.Of(Heads, Mlps).Take(Top)];

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            (string part, double change) = Ranked[0];
            return FormattableString.Invariant($"Without {part} the {Metric} goes from {Baseline:0.00} to {Baseline + change:0.00}: no other single part matters as much");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            List<View> views =
            [
                new BarsView("Parts that matter most", [.. Ranked.Select(entry => entry.Part)], [.. Ranked.Select(entry => entry.Change)])
                {
                    Unit = $"change of the {Metric}",
                    Caption = FormattableString.Invariant($"Each part alone set to {Becomes}; {Baseline:0.00} with nothing ablated."),
                },
            ];
            if (Heads.Count > 0)
            {
                views.Add(new HeatMapView("Every head", [.. Heads.Select((_, layer) => $"{layer}")], [.. Heads[0].Select((_, head) => $"{head}")], Heads)
                {
                    RowAxis = "layer",
                    ColumnAxis = "head",
                    Unit = $"change of the {Metric}",
                    Diverging = true,
                    Caption = "Negative: the head supports the answer. Positive: it works against it.",
                });
            }

            if (Mlps.Count > 0)
            {
                views.Add(new BarsView("Every MLP", [.. Mlps.Select((_, layer) => $"MLP {layer}")], Mlps) { Unit = $"change of the {Metric}" });
            }

            return views;
        }
    }
}
