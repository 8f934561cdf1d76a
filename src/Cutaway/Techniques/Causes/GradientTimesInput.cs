using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Runs;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// Each token's embedding times the gradient of the answer there (Shrikumar et al. 2016): the first-order estimate of what the
/// token contributes, from one gradient. Saturated parts hide from it; see <c>integrated-gradients</c>.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Answer">The token measured; by default the model's own first choice.</param>
/// <param name="Versus">A token whose logit is subtracted; without it the answer's log-probability is measured.</param>
[Technique("gradient-times-input", Section.Causes, "Colour every token by its embedding times the answer's gradient there",
    Topic = "attribution-patching",
    Examples = "gradient-times-input \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\"")]
public sealed record GradientTimesInput(
    [property: Help("Text the model completes", Argument = true)] Prompt? Prompt = null,
    [property: Help("Token measured, such as \" Mary\" (default: the model's first choice)")] string? Answer = null,
    [property: Help("Token whose logit is subtracted, such as \" John\"")] string? Versus = null) : ITechnique<InputAttributionFinding>
{
    /// <inheritdoc/>
    public InputAttributionFinding Run(LanguageModel model, Progress progress = default)
    {
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt ?? Reading.Explain.DefaultPrompt));
        progress.Step("taking the gradient", 0, 1);
        AnswerMetric measured = AnswerMetric.Of(model, tokens, Answer, Versus, 1, progress.Cancellation);
        GradientRun run = model.Differentiate(tokens, measured.Metric, [Capture.At("hook_embed"), CaptureGradient.At("hook_embed")], progress.Cancellation);
        double[] embeddings = run["hook_embed"].ToDoubles();
        double[] gradient = run.Gradient("hook_embed").ToDoubles();
        double[] products = [.. embeddings.Zip(gradient, (x, slope) => x * slope)];
        return new InputAttributionFinding
        {
            Method = "Each token's embedding times the gradient there.",
            Metric = measured.Name,
            Tokens = model.TokenTexts(tokens.Row(0).ToArray()),
            Attributions = [.. products.Chunk(model.Config.DModel).Select(row => row.Sum())],
            Value = run.Values[0],
        };
    }
}

/// <summary>What is measured of one text's answer: the logit difference where another token is named, else the log-probability.</summary>
/// <param name="Metric">Made for a number of copies of the text.</param>
/// <param name="Name">In words.</param>
internal sealed record AnswerMetric(Metric Metric, string Name)
{
    /// <summary>The metric of an answer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="answer">The answer, or null for the model's first choice.</param>
    /// <param name="versus">What it is compared with, or null.</param>
    /// <param name="copies">How many items the metric is made for.</param>
    /// <param name="cancellation">Cancels the run that finds the first choice.</param>
    public static AnswerMetric Of(LanguageModel model, TokenBatch tokens, string? answer, string? versus, int copies, CancellationToken cancellation)
    {
        double[] logits = answer is null ? model.Run(tokens, [], LogitScope.Last, cancellation).LastLogits() : [];
        int id = PromptTokens.Answer(model, answer, logits);
        int[] ids = [.. Enumerable.Repeat(id, copies)];
        string text = model.Tokenizer.TokenText(id);
        return PromptTokens.Versus(model, versus, id) is int other
            ? new(new LogitDifference(ids, [.. Enumerable.Repeat(other, copies)]), PromptTokens.Metric(text, versus))
            : new(new LogProbability(ids), $"log-probability of '{text}'");
    }
}
