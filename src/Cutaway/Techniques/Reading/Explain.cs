using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Techniques.Reading;

/// <summary>
/// What a model did with a text, in one report: what it predicts, what it would have said at each layer, which heads and MLPs
/// wrote the answer, where the telling heads looked, which heads are previous-token, duplicate-token or induction heads, and
/// which places cause the answer: patched between the text and one in which the other token would be right.
/// The text used where none is given is the indirect object identification of Wang et al. 2022.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Answer">The token that is explained, such as " Mary"; by default the model's own first choice.</param>
/// <param name="Versus">A token it is compared with, such as " John".</param>
/// <param name="Corrupt">The text without the information in question, of as many tokens; by default the text with the last Versus replaced by Answer.</param>
/// <param name="Top">Heads, MLPs and tokens listed.</param>
[Technique("explain", Section.Reading, "What the model did with a text: prediction, layers, heads, MLPs and attention in one report",
    Topic = "transformer-architecture",
    Examples = "explain\nexplain \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\" --model path/to/model.gguf --html report.html")]
public sealed record Explain(
    [property: Help("Text the model completes (default: Mary and John in the store)", Argument = true)] Prompt? Prompt = null,
    [property: Help("Token explained, such as \" Mary\" (default: the model's first choice)")] string? Answer = null,
    [property: Help("Token it is compared with, such as \" John\"")] string? Versus = null,
    [property: Help("Text in which the other token would be right, of as many tokens (default: the last --versus replaced by --answer)")] Prompt? Corrupt = null,
    [property: Help("Heads, MLPs and tokens listed"), Range(1, 100)] int Top = 8) : ITechnique<ExplainFinding>
{
    /// <summary>The text used where none is given.</summary>
    public const string DefaultPrompt = PromptPair.DefaultClean;

    private const int Steps = 7;

    /// <inheritdoc/>
    public ExplainFinding Run(LanguageModel model, Progress progress = default)
    {
        Prompt prompt = Prompt ?? DefaultPrompt;
        string? answer = Answer ?? (Prompt is null ? " Mary" : null);
        string? versus = Versus ?? (Prompt is null && answer == " Mary" ? " John" : null);
        TokenBatch tokens = TokenBatch.Single(model.Encode(prompt));
        progress.Step("running", 0, Steps);
        Run run = model.Run(tokens, Capture.All(Site.AllPatterns), LogitScope.Last, progress.Cancellation);
        LogitLensFinding lens = TechniqueDescription.Run(new LogitLens(prompt, answer, versus, Top: Math.Min(Top, 5)), model, Part(progress, 1));
        AttributionFinding attribution = TechniqueDescription.Run(new DirectLogitAttribution(prompt, answer, versus, Top: Top), model, Part(progress, 2));
        HeadDetectorFinding detected = TechniqueDescription.Run(new HeadDetector(Top: Top), model, Part(progress, 3));
        List<HeadRole> roles = HeadRoles.Find(run, attribution, detected, Top);
        HeadName[] shown = [.. roles.Select(role => HeadName.Parse(role.Head)).Distinct().Take(2 * Top)];
        AttentionPatternsFinding patterns = TechniqueDescription.Run(new AttentionPatterns(prompt, shown.Length == 0 ? null : shown), model, Part(progress, 4));
        (ActivationPatchingFinding? places, AttributionPatchingFinding? heads) = Causes(model, prompt, answer, versus, progress);
        progress.Step("done", Steps, Steps);
        double[] logits = run.LastLogits();
        double sum = Softmax.LogSumExp<double>(logits);
        return new ExplainFinding
        {
            Tokens = attribution.Tokens,
            Answer = attribution.Answer,
            Versus = versus,
            Predictions = [.. Reductions.TopK<double>(logits, Top).Select(id => new ScoredToken(id, model.Tokenizer.TokenText(id), Math.Exp(logits[id] - sum)))],
            Roles = roles,
            Lens = lens,
            Attribution = attribution,
            Detected = detected,
            Patterns = patterns,
            Places = places,
            Heads = heads,
        };
    }

    /// <summary>What causes the answer, where there is a text to compare with.</summary>
    private (ActivationPatchingFinding? Places, AttributionPatchingFinding? Heads) Causes(LanguageModel model, Prompt prompt, string? answer, string? versus, Progress progress)
    {
        if (answer is null || versus is null || (Corrupt ?? Swapped(prompt, answer, versus)) is not { } corrupt)
        {
            return Corrupt is null ? default : throw CutawayException.Usage("--corrupt needs --answer and --versus: the tokens that the two texts are continued by");
        }

        return (
            TechniqueDescription.Run(new ActivationPatching(prompt, corrupt, answer, versus, Top: Top), model, Part(progress, 5)),
            TechniqueDescription.Run(new AttributionPatching(prompt, corrupt, answer, versus, Check: true, Top: Top), model, Part(progress, 6)));
    }

    // "… John gave a drink to" becomes "… Mary gave a drink to": the last of the other's names is replaced by the answer's.
    private static Prompt? Swapped(Prompt prompt, string answer, string versus) => prompt.Text?.LastIndexOf(versus, StringComparison.Ordinal) is >= 0 and int at
        ? Prompt.FromText(string.Concat(prompt.Text.AsSpan(0, at), answer, prompt.Text.AsSpan(at + versus.Length)))
        : null;

    private static Progress Part(Progress whole, int step) => whole.Report is { } report
        ? new((what, share) => report(what, (step - 1 + share) / Steps), whole.Cancellation)
        : whole;
}
