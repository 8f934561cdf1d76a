using System.Numerics.Tensors;
using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Techniques.Internals;

/// <summary>
/// Follows one head at one position step by step (Vaswani et al. 2017, section 3.2.1): its query, every key, their scores before
/// and after the mask, the softmax, the mix of values, and what the head writes. Each step is worked out anew from the one
/// before it and compared with what the network computed.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Head">The head as layer.head; by default the one that looks back most sharply.</param>
/// <param name="Position">The position that looks; negative counts from the end.</param>
/// <param name="Top">Tokens listed for what the head writes.</param>
[Technique("attention-step", Section.Internals, "One head at one position, step by step: query, keys, scores, mask, pattern, values, output",
    Topic = "attention-mechanism",
    Examples = "attention-step \"When Mary and John went to the store, John gave a drink to\"\nattention-step \"The capital of France is\" --head 18.6 --position -1 --model path/to/model.gguf")]
public sealed record AttentionStep(
    [property: Help("Text to read", Argument = true)] Prompt Prompt,
    [property: Help("Head as layer.head, such as 23.3 (default: the one that looks back most sharply)")] HeadName? Head = null,
    [property: Help("Position that looks; negative counts from the end")] int Position = -1,
    [property: Help("Tokens listed for what the head writes"), System.ComponentModel.DataAnnotations.Range(1, 50)] int Top = 8) : ITechnique<AttentionStepFinding>
{
    /// <inheritdoc/>
    public AttentionStepFinding Run(LanguageModel model, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt));
        int position = PromptTokens.Position(tokens, Position);
        progress.Step("running", 0, 2);
        HeadName head = Head ?? HeadChoice.MostTelling(model.Run(tokens, Capture.All(Site.AllPatterns), LogitScope.None, progress.Cancellation), 1)[0];
        PromptTokens.Layer(model, head.Layer);
        PromptTokens.Head(model, head.Head);
        LayerConfig settings = config.LayerConfigs[head.Layer];
        string prefix = $"blocks.{head.Layer}.attn.hook_";
        bool rotated = settings.Rotary is not null;
        if (!rotated && config.QueryKeyNorm != QueryKeyNorm.None)
        {
            throw CutawayException.Usage($"layer {head.Layer} of '{model.Name}' normalises queries and keys and does not rotate them, so no hook point shows what its scores are made of; choose a layer that rotates");
        }

        string[] sites = [prefix + (rotated ? "rot_q" : "q"), prefix + (rotated ? "rot_k" : "k"), prefix + "v", prefix + "attn_scores", prefix + "pattern", prefix + "z"];
        Run run = model.Run(tokens, Capture.All([.. sites.Select(site => new Site(site))]), LogitScope.None, progress.Cancellation);
        int keyHead = head.Head / (config.Heads / config.KeyValueHeads);
        double[] query = run[sites[0]].Select("batch", 0).Select("pos", position).Select("head", head.Head).ToDoubles();
        double[][] keys = run[sites[1]].Select("batch", 0).Select("head", keyHead).ToRows();
        double[][] values = run[sites[2]].Select("batch", 0).Select("head", keyHead).ToRows();
        double[] z = run[sites[5]].Select("batch", 0).Select("pos", position).Select("head", head.Head).ToDoubles();
        double[] pattern = run[sites[4]].Select("batch", 0).Select("head", head.Head).Select("query", position).ToDoubles();
        double[] masked = run[sites[3]].Select("batch", 0).Select("head", head.Head).Select("query", position).ToDoubles();
        double[] scores = [.. keys.Select((key, k) => AttentionArithmetic.Score(model, head.Layer, head.Head, query, key, k - position))];
        (int first, int last) = AttentionArithmetic.Seen(config, head.Layer, position, tokens.Length);
        double[] weights = new double[scores.Length];
        Softmax.Row<double>(scores.AsSpan(first, last + 1 - first), weights.AsSpan(first), AttentionArithmetic.Sink(model, head.Layer, head.Head));
        double[] mixed = new double[config.DValue];
        for (int k = first; k <= last; k++)
        {
            TensorPrimitives.MultiplyAdd<double>(values[k], weights[k], mixed, mixed);
        }

        progress.Step("writing", 1, 2);
        double[][] output = WeightColumns.Of(model.Network.Weights.Blocks[head.Layer].Attention.Output.Weight, head.Head * config.DValue, config.DValue);
        foreach (double[] row in output)
        {
            TensorPrimitives.Multiply(row, config.ResidualScale, row);
        }

        double[] written = Write(output, mixed);
        double[] promoted = VocabularyReader.Logits(model, written, model.Network.Weights.Blocks[head.Layer].AttentionPostNorm);
        progress.Step("done", 2, 2);
        return new AttentionStepFinding
        {
            Tokens = model.TokenTexts(tokens.Row(0).ToArray()),
            Head = head.ToString(),
            KeyHead = keyHead == head.Head ? null : keyHead,
            Position = position,
            FirstSeen = first,
            LastSeen = last,
            ScoreBias = config.AlibiSlopes is null && config.ScoreBuckets is null
                ? null
                : [.. Enumerable.Range(0, tokens.Length).Select(k => model.Network.ScoreBias(head.Head, k - position))],
            Scale = settings.AttentionScale,
            ScoreSoftCap = config.ScoreSoftCap,
            Query = query,
            Keys = keys,
            Values = values,
            Scores = scores,
            Pattern = weights,
            Z = mixed,
            Written = written,
            WrittenByToken = [.. values.Select((value, k) => weights[k] * Length(Write(output, value)))],
            Promotes = VocabularyReader.Top(model, promoted, Top),
            ScoreError = Enumerable.Range(first, last - first + 1).Max(k => Math.Abs(masked[k] - scores[k])),
            PatternError = pattern.Zip(weights, (a, b) => Math.Abs(a - b)).Max(),
            ZError = z.Zip(mixed, (a, b) => Math.Abs(a - b)).Max(),
        };
    }

    private static double[] Write(double[][] output, double[] mixed) => Array.ConvertAll(output, row => TensorPrimitives.Dot<double>(row, mixed));

    private static double Length(double[] vector) => Math.Sqrt(TensorPrimitives.SumOfSquares<double>(vector));
}

/// <summary>One head at one position, step by step.</summary>
public sealed record AttentionStepFinding : Finding
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The head as layer.head.</summary>
    public required string Head { get; init; }

    /// <summary>The key and value head that it shares with others, or null where it has its own.</summary>
    public int? KeyHead { get; init; }

    /// <summary>The position that looks.</summary>
    public required int Position { get; init; }

    /// <summary>The first position that the mask lets it see.</summary>
    public required int FirstSeen { get; init; }

    /// <summary>The last position that it sees: itself, but in models that look both ways.</summary>
    public required int LastSeen { get; init; }

    /// <summary>What each key's score has added for its distance, [key]; null where positions enter otherwise.</summary>
    public IReadOnlyList<double>? ScoreBias { get; init; }

    /// <summary>Factor on query · key.</summary>
    public required double Scale { get; init; }

    /// <summary>Scores become c · tanh(score / c), or null.</summary>
    public double? ScoreSoftCap { get; init; }

    /// <summary>The query, rotated where the model rotates, [d_head].</summary>
    public required IReadOnlyList<double> Query { get; init; }

    /// <summary>Every key, rotated likewise, [key][d_head].</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Keys { get; init; }

    /// <summary>Every value, [key][d_head].</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Values { get; init; }

    /// <summary>Scores before the mask, [key]: those of later tokens too.</summary>
    public required IReadOnlyList<double> Scores { get; init; }

    /// <summary>Attention weights after mask and softmax, [key].</summary>
    public required IReadOnlyList<double> Pattern { get; init; }

    /// <summary>The mix of values, [d_head].</summary>
    public required IReadOnlyList<double> Z { get; init; }

    /// <summary>What the head writes to the residual stream, before any post-norm, [d_model].</summary>
    public required IReadOnlyList<double> Written { get; init; }

    /// <summary>Length of what each token contributes to it, [key].</summary>
    public required IReadOnlyList<double> WrittenByToken { get; init; }

    /// <summary>Tokens whose logits rise most by what it writes, read through the final norm at scale 1.</summary>
    public required IReadOnlyList<ScoredToken> Promotes { get; init; }

    /// <summary>The largest difference of a visible score from the network's.</summary>
    public required double ScoreError { get; init; }

    /// <summary>The largest difference of a weight from the network's.</summary>
    public required double PatternError { get; init; }

    /// <summary>The largest difference of the mixed value from the network's.</summary>
    public required double ZError { get; init; }

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            int most = Enumerable.Range(0, Tokens.Count).MaxBy(k => Pattern[k]);
            return FormattableString.Invariant(
                $"Head {Head} at '{Tokens[Position]}' looks most at '{Tokens[most]}' ({Pattern[most]:0.00}) and writes a vector {Math.Sqrt(Written.Sum(x => x * x)):0.0} long that promotes '{Promotes[0].Text}'; every step equals the network's to within {Math.Max(ScoreError, Math.Max(PatternError, ZError)):0.0e+0}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            string[] dimensions = [.. Enumerable.Range(0, Query.Count).Select(i => $"{i}")];
            string[] labels = [.. Tokens.Select((token, k) => $"{k} {token}")];
            int[] seen = [.. Enumerable.Range(FirstSeen, LastSeen - FirstSeen + 1)];
            string shared = KeyHead is int keyHead ? $" Keys and values come from key head {keyHead}, which it shares." : "";
            string cap = ScoreSoftCap is double limit ? FormattableString.Invariant($" The score x is then capped: {limit} · tanh(x / {limit}).") : "";
            string biased = ScoreBias is null ? "" : " A bias for the key's distance is added to it.";
            return
            [
                new TableView($"From query to weights at '{Tokens[Position]}'", ["position", "token", "score", "after the mask", "weight", "length written"],
                [
                    .. Tokens.Select((token, k) => (IReadOnlyList<object>)
                    [
                        k, token, Scores[k], k < FirstSeen || k > LastSeen ? "−∞ (unseen)" : Scores[k], Pattern[k], WrittenByToken[k],
                    ]),
                ])
                {
                    Caption = FormattableString.Invariant($"Score = {Scale:0.####} · (query · key); weights are the softmax of what the mask leaves, and sum to {Pattern.Sum():0.######}.{cap}{biased}{shared}"),
                },
                new HeatMapView("Query times key, dimension by dimension", labels, dimensions, [.. Keys.Select(key => (IReadOnlyList<double>)[.. key.Select((value, i) => Scale * Query[i] * value)])])
                {
                    RowAxis = "key", ColumnAxis = "dimension of the head", Unit = "part of the score", Diverging = true, Caption = "Each row sums to the token's score" + (ScoreBias is null ? "." : ", less its bias for the distance."),
                },
                new TokensView("The pattern", Tokens, Pattern) { Unit = "weight" },
                new HeatMapView("Weight times value", [.. seen.Select(k => labels[k]), "sum (z)"], dimensions,
                    [.. seen.Select(k => (IReadOnlyList<double>)[.. Values[k].Select(value => Pattern[k] * value)]), Z])
                {
                    RowAxis = "token", ColumnAxis = "dimension of the head", Unit = "part of the mixed value", Diverging = true, Caption = "Each column sums to the last row: what the head carries on.",
                },
                new BarsView("What it writes promotes", [.. Promotes.Select(token => token.Text)], [.. Promotes.Select(token => token.Score)])
                {
                    Unit = "logit at a final-norm scale of 1",
                    Caption = FormattableString.Invariant($"W_O · z is {Math.Sqrt(Written.Sum(x => x * x)):0.000} long; read through the final norm's weight and the unembedding."),
                },
                new TableView("The steps agree with the network", ["step", "largest difference"], [["scores", ScoreError], ["weights", PatternError], ["mixed value", ZError]]),
            ];
        }
    }
}
