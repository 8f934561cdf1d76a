using System.Text.Json.Serialization;
using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Techniques.Causes;

namespace Cutaway.Techniques.Reading;

/// <summary>What a model did with a text.</summary>
public sealed record ExplainFinding : Finding
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The token that was explained.</summary>
    public required string Answer { get; init; }

    /// <summary>The token it was compared with, or null.</summary>
    public string? Versus { get; init; }

    /// <summary>The likeliest next tokens; scores are probabilities.</summary>
    public required IReadOnlyList<ScoredToken> Predictions { get; init; }

    /// <summary>What heads do in the text.</summary>
    public required IReadOnlyList<HeadRole> Roles { get; init; }

    /// <summary>Layer by layer.</summary>
    [JsonIgnore]
    public required LogitLensFinding Lens { get; init; }

    /// <summary>Who wrote the answer.</summary>
    [JsonIgnore]
    public required AttributionFinding Attribution { get; init; }

    /// <summary>Heads by kind.</summary>
    [JsonIgnore]
    public required HeadDetectorFinding Detected { get; init; }

    /// <summary>Where the telling heads looked.</summary>
    [JsonIgnore]
    public required AttentionPatternsFinding Patterns { get; init; }

    /// <summary>Which places cause the answer, patched one at a time; null where there is no text to compare with.</summary>
    [JsonIgnore]
    public ActivationPatchingFinding? Places { get; init; }

    /// <summary>Which heads cause it: by exact and by attribution patching; null where there is no text to compare with.</summary>
    [JsonIgnore]
    public AttributionPatchingFinding? Heads { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<Finding> Parts => [Lens, Attribution, Patterns, .. new Finding?[] { Places, Heads }.OfType<Finding>(), Detected];

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            // The part that writes most for the answer; one against it may be larger.
            (string part, double value) = Attribution.Ranked.MaxBy(entry => entry.Value);
            return FormattableString.Invariant(
                $"The model continues with '{Predictions[0].Text}' ({Predictions[0].Score:0.00}); {part} writes most of the {PromptTokens.Metric(Answer, Versus)}: {value:+0.00;−0.00} of {Attribution.Logit:0.00}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new BarsView("What comes next", [.. Predictions.Select(token => token.Text)], [.. Predictions.Select(token => token.Score)]) { Unit = "probability" },
        new TokensView("Which tokens it weighed", Attribution.Tokens.Take(Attribution.Sources.Count).ToArray(), Attribution.Sources)
        {
            Unit = PromptTokens.Metric(Answer, Versus),
            Caption = "What all heads together carry directly from each token to the answer.",
        },
        new TableView("What heads do here", ["head", "what it does", "attention that shows it", PromptTokens.Metric(Answer, Versus)],
            [.. Roles.Select(role => (IReadOnlyList<object>)[role.Head, role.Role, role.Score, role.Attribution])])
        {
            Caption = "Previous-token, duplicate-token and induction heads are found on random tokens said twice; the rest by where they look from the last token of this text and what they write directly.",
        },
    ];
}
