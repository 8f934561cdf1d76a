using System.ComponentModel.DataAnnotations;
using System.Numerics.Tensors;
using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors.Storage;

namespace Cutaway.Techniques.Reading;

/// <summary>What is shown of a pattern.</summary>
public enum AttentionWeighting
{
    /// <summary>The attention weights.</summary>
    Probability,

    /// <summary>Each weight times the length of what the head would write from that token alone, rows scaled to sum to one (Kobayashi et al. 2020).</summary>
    ValueNorm,
}

/// <summary>
/// Shows which tokens heads look at. By default it picks the heads that look back most sharply: the mean, over the queries from
/// position 2 on, of the largest weight on a token between the first and the query itself, since resting on the first token
/// and looking at oneself tell little. A pattern says where a head reads, not that it matters: see <c>direct-logit-attribution</c>
/// and <c>ablate</c> (Jain and Wallace 2019).
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Heads">Heads to show, written layer.head; by default the most telling ones.</param>
/// <param name="Layer">Every head of this layer.</param>
/// <param name="Count">How many heads are picked by default.</param>
/// <param name="Weighting">Whether weights are shown as they are or times what they carry.</param>
[Technique("attention-patterns", Section.Reading, "Which tokens chosen or the most telling heads look at",
    Topic = "attention-pattern-reading",
    Examples = "attention-patterns \"When Mary and John went to the store, John gave a drink to\"\nattention-patterns \"one two three one two\" --heads 18.6 --heads 23.3 --model path/to/model.gguf")]
public sealed record AttentionPatterns(
    [property: Help("Text to read", Argument = true)] Prompt Prompt,
    [property: Help("Head to show as layer.head, such as 23.3; may be repeated (default: the most telling heads)")] IReadOnlyList<HeadName>? Heads = null,
    [property: Help("Show every head of this layer"), Range(0, 10000)] int? Layer = null,
    [property: Help("How many heads are picked by default"), Range(1, 200)] int Count = 8,
    [property: Help("Show weights as they are, or times the length of what they carry")] AttentionWeighting Weighting = AttentionWeighting.Probability) : ITechnique<AttentionPatternsFinding>
{
    /// <inheritdoc/>
    public AttentionPatternsFinding Run(LanguageModel model, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        if (Heads is not null && Layer is not null)
        {
            throw CutawayException.Usage("--heads and --layer both choose heads; give one of them");
        }

        foreach (HeadName head in Heads ?? [])
        {
            PromptTokens.Head(model, head.Head);
            PromptTokens.Layer(model, head.Layer);
        }

        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt));
        progress.Step("running", 0, 2);
        List<Site> sites = Heads is { Count: > 0 } ? [.. Heads.Select(head => Site.Pattern(head.Layer)).Distinct()]
            : Layer is int only ? [Site.Pattern(PromptTokens.Layer(model, only))]
            : [Site.AllPatterns];
        sites.AddRange(Weighting == AttentionWeighting.ValueNorm ? ["blocks.*.attn.hook_v"] : []);
        Run run = model.Run(tokens, Capture.All([.. sites]), LogitScope.None, progress.Cancellation);
        IReadOnlyList<HeadName> chosen = Heads is { Count: > 0 } ? Heads
            : Layer is int layer ? [.. Enumerable.Range(0, config.Heads).Select(head => new HeadName(layer, head))]
            : HeadChoice.MostTelling(run, Count);
        progress.Step("reading heads", 1, 2);
        IReadOnlyList<string> texts = model.TokenTexts(tokens.Row(0).ToArray());
        List<HeadReading> readings = [.. chosen.Select(head => Read(run, head, Weighting))];
        progress.Step("done", 2, 2);
        return new AttentionPatternsFinding { Tokens = texts, Heads = readings, Weighting = Weighting, Picked = Heads is not { Count: > 0 } && Layer is null };
    }

    private static HeadReading Read(Run run, HeadName head, AttentionWeighting weighting)
    {
        double[][] pattern = HeadChoice.Pattern(run, head);
        double[][] shown = weighting == AttentionWeighting.Probability ? pattern : Weighted(run, head, pattern);
        int n = pattern.Length;
        double entropy = 0;
        double distance = 0;
        for (int q = 0; q < n; q++)
        {
            for (int k = 0; k <= q; k++)
            {
                double weight = pattern[q][k];
                entropy -= weight > 0 ? weight * Math.Log(weight) / n : 0;
                distance += weight * (q - k) / n;
            }
        }

        return new HeadReading(
            head.ToString(), shown, entropy, distance,
            Mean(q => pattern[q][0]), Mean(q => pattern[q][q - 1]), Mean(q => pattern[q][q]), HeadChoice.LooksBack(pattern));

        // The first query can only look at itself, so it says nothing.
        double Mean(Func<int, double> weight) => n == 1 ? 0 : Enumerable.Range(1, n - 1).Average(weight);
    }

    private static double[][] Weighted(Run run, HeadName head, double[][] pattern)
    {
        NetworkConfig config = run.Model.Config;
        int keyHead = head.Head / (config.Heads / config.KeyValueHeads);
        double[] values = run[$"blocks.{head.Layer}.attn.hook_v"].Select("head", keyHead).ToDoubles();
        WeightMatrix output = run.Model.Network.Weights.Blocks[head.Layer].Attention.Output.Weight;
        double[] squares = new double[pattern.Length];
        foreach (double[] row in WeightColumns.Of(output, head.Head * config.DValue, config.DValue))
        {
            for (int k = 0; k < squares.Length; k++)
            {
                double written = TensorPrimitives.Dot<double>(row, values.AsSpan(k * config.DValue, config.DValue));
                squares[k] += written * written;
            }
        }

        double[][] weighted = [.. pattern.Select(weights => weights.Select((weight, k) => weight * Math.Sqrt(squares[k])).ToArray())];
        foreach (double[] weights in weighted)
        {
            double sum = weights.Sum();
            TensorPrimitives.Divide(weights, sum == 0 ? 1 : sum, weights);
        }

        return weighted;
    }
}

/// <summary>What a head looks at.</summary>
/// <param name="Name">The head as layer.head.</param>
/// <param name="Pattern">[query][key].</param>
/// <param name="Entropy">Mean entropy of its rows, in nats.</param>
/// <param name="Distance">How far back it looks on average, in tokens.</param>
/// <param name="First">Mean weight on the first token.</param>
/// <param name="Previous">Mean weight on the token before.</param>
/// <param name="Self">Mean weight on the token itself.</param>
/// <param name="LooksBack">The measure by which heads are picked.</param>
public sealed record HeadReading(
    string Name, IReadOnlyList<IReadOnlyList<double>> Pattern, double Entropy, double Distance, double First, double Previous, double Self, double LooksBack);

/// <summary>Patterns of some heads.</summary>
public sealed record AttentionPatternsFinding : Finding
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The heads, in the order asked for, or the most telling first.</summary>
    public required IReadOnlyList<HeadReading> Heads { get; init; }

    /// <summary>What is shown.</summary>
    public required AttentionWeighting Weighting { get; init; }

    /// <summary>Whether the heads were picked for how sharply they look back.</summary>
    public required bool Picked { get; init; }

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            HeadReading head = Heads[0];
            int last = Tokens.Count - 1;
            int most = Enumerable.Range(0, Tokens.Count).MaxBy(k => head.Pattern[last][k]);
            return FormattableString.Invariant(
                $"{(Picked ? "Of all heads, " : "Head ")}{head.Name}{(Picked ? " looks back most sharply;" : "")} from the last token '{Tokens[last]}' {(Picked ? "it " : "")}looks most at '{Tokens[most]}' ({head.Pattern[last][most]:0.00})");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new AttentionView("Where heads look", Tokens, [.. Heads.Select(head => new AttentionHead(head.Name, head.Pattern))])
        {
            Caption = Weighting == AttentionWeighting.Probability
                ? "Each row is a token that looks, each column one that is looked at; a row sums to one."
                : "Attention times the length of what is carried, each row scaled to sum to one: resting on a token that carries nothing fades.",
        },
        new TableView("The heads in numbers", ["head", "entropy (nats)", "mean distance", "on the first token", "on the one before", "on itself", "looks back"],
            [.. Heads.Select(head => (IReadOnlyList<object>)[head.Name, head.Entropy, head.Distance, head.First, head.Previous, head.Self, head.LooksBack])])
        {
            Caption = "Means over queries. \"Looks back\" is the mean largest weight on a token between the first and the query itself.",
        },
    ];
}
