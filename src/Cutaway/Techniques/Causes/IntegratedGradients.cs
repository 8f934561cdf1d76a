using System.ComponentModel.DataAnnotations;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Causes;

/// <summary>Where integrated gradients begin.</summary>
public enum InputBaseline
{
    /// <summary>Embeddings of zero.</summary>
    Zero,

    /// <summary>The mean embedding of the vocabulary, at every position.</summary>
    Mean,

    /// <summary>The embeddings of another text.</summary>
    Corrupted,
}

/// <summary>
/// Integrated gradients (Sundararajan et al. 2017): the gradient of the answer, averaged on the straight way from a baseline to
/// the text's embeddings, times the way. What tokens contribute sums to the difference between text and baseline; how closely
/// is shown. Points are the middles of equal steps. Positions learned as vectors stay as they are.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Answer">The token measured; by default the model's own first choice.</param>
/// <param name="Versus">A token whose logit is subtracted; without it the answer's log-probability is measured.</param>
/// <param name="Baseline">Where the way begins.</param>
/// <param name="Corrupt">The text of the baseline, of as many tokens.</param>
/// <param name="Steps">Points on the way.</param>
[Technique("integrated-gradients", Section.Causes, "Colour every token by what it contributes on the way from a baseline to the text",
    Topic = "attribution-patching",
    Examples = "integrated-gradients \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\" --baseline corrupted\nintegrated-gradients --baseline mean --steps 100")]
public sealed record IntegratedGradients(
    [property: Help("Text the model completes", Argument = true)] Prompt? Prompt = null,
    [property: Help("Token measured, such as \" Mary\" (default: the model's first choice)")] string? Answer = null,
    [property: Help("Token whose logit is subtracted, such as \" John\"")] string? Versus = null,
    [property: Help("Where the way to the text begins")] InputBaseline Baseline = InputBaseline.Zero,
    [property: Help("Text of the baseline 'corrupted', of as many tokens (default: an example's)")] Prompt? Corrupt = null,
    [property: Help("Points on the way"), Range(1, 100000)] int Steps = 50) : ITechnique<InputAttributionFinding>
{
    // Points run together: enough to fill the machine, few enough to hold.
    private const int Together = 16;

    private static readonly Site Embedding = "hook_embed";

    /// <inheritdoc/>
    public InputAttributionFinding Run(LanguageModel model, Progress progress = default)
    {
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt ?? Reading.Explain.DefaultPrompt));
        double[] end = Embeddings(model, tokens, progress.Cancellation);
        double[] start = Begin(model, tokens, progress.Cancellation);
        double[] slope = new double[end.Length];
        for (int done = 0; done < Steps; done += Together)
        {
            progress.Step("taking gradients on the way", done, Steps);
            int count = Math.Min(Together, Steps - done);
            double[] points = [.. Enumerable.Range(done, count).SelectMany(step => Point((step + 0.5) / Steps))];
            AnswerMetric metric = AnswerMetric.Of(model, tokens, Answer, Versus, count, progress.Cancellation);
            GradientRun run = model.Differentiate(Copies(tokens, count), metric.Metric, [Put(points, count), CaptureGradient.At(Embedding)], progress.Cancellation);
            double[] gradient = run.Gradient(Embedding).ToDoubles();
            for (int i = 0; i < gradient.Length; i++)
            {
                slope[i % slope.Length] += gradient[i] / Steps;
            }
        }

        AnswerMetric ends = AnswerMetric.Of(model, tokens, Answer, Versus, 2, progress.Cancellation);
        double[] values = MetricReader.Read(ends.Metric, model.Run(Copies(tokens, 2), [Put([.. start, .. end], 2)], LogitScope.Last, progress.Cancellation).Logits);
        return new InputAttributionFinding
        {
            Method = FormattableString.Invariant($"Gradients averaged over {Steps} points between {Named} and the text, times the way."),
            Metric = ends.Name,
            Tokens = model.TokenTexts(tokens.Row(0).ToArray()),
            Attributions = [.. Enumerable.Range(0, end.Length).Select(i => (end[i] - start[i]) * slope[i]).Chunk(model.Config.DModel).Select(row => row.Sum())],
            Value = values[1],
            BaselineValue = values[0],
        };

        IEnumerable<double> Point(double share) => start.Zip(end, (a, b) => a + (share * (b - a)));

        Replace Put(double[] points, int count) => Replace.With(Embedding, Tensor.Of(points, [count, tokens.Length, model.Config.DModel]));
    }

    private string Named => Baseline switch
    {
        InputBaseline.Mean => "the vocabulary's mean embedding",
        InputBaseline.Corrupted => "the corrupted text's embeddings",
        _ => "embeddings of zero",
    };

    private static TokenBatch Copies(TokenBatch tokens, int count) => TokenBatch.Pad([.. Enumerable.Repeat(tokens.Row(0).ToArray(), count)]);

    private static double[] Embeddings(LanguageModel model, TokenBatch tokens, CancellationToken cancellation) =>
        model.Run(tokens, [Capture.At(Embedding)], LogitScope.None, cancellation)[Embedding].ToDoubles();

    private double[] Begin(LanguageModel model, TokenBatch tokens, CancellationToken cancellation)
    {
        if (Corrupt is not null && Baseline != InputBaseline.Corrupted)
        {
            throw CutawayException.Usage("--corrupt is the text of --baseline corrupted; leave one of the two out, or give both");
        }

        switch (Baseline)
        {
            case InputBaseline.Corrupted:
                TokenBatch other = TokenBatch.Single(model.Encode(Corrupt ?? PromptPair.Default.Corrupt));
                return other.Length == tokens.Length
                    ? Embeddings(model, other, cancellation)
                    : throw CutawayException.Input($"the baseline's text has {other.Length} tokens and the prompt {tokens.Length}; give with --corrupt a text of as many");
            case InputBaseline.Mean:
                double[] mean = new double[model.Config.DModel];
                double[] row = new double[mean.Length];
                for (int id = 0; id < model.Config.Vocabulary; id++)
                {
                    model.Network.Weights.Embedding.DecodeRow<double>(id, row);
                    for (int i = 0; i < row.Length; i++)
                    {
                        mean[i] += row[i] * model.Config.EmbeddingScale / model.Config.Vocabulary;
                    }
                }

                return [.. Enumerable.Range(0, tokens.Length).SelectMany(_ => mean)];
            default:
                return new double[tokens.Length * model.Config.DModel];
        }
    }
}
