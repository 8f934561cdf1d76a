using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings;
using Cutaway.Metrics;
using Cutaway.Planning;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// Causal scrubbing (Chan et al. 2022): a claim about what each part reads, and which features of it matter, says which
/// activations may be exchanged between prompts. They are, from the logits down, and what is left of the metric says how much
/// of the behaviour the claim explains. For claims about heads, their inputs and MLPs, on prompts of one length.
/// </summary>
/// <param name="Pairs">A file or a generator of prompts; the corrupted ones are not read.</param>
/// <param name="Count">Prompts taken of it.</param>
/// <param name="Seed">Draws prompts, and what is exchanged.</param>
/// <param name="Hypothesis">A file with the claim.</param>
/// <param name="Parts">Without a file: the parts that alone matter to the logits.</param>
/// <param name="Agree">The features of prompts by which they matter.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Samples">How often everything is drawn anew.</param>
[Technique("causal-scrubbing", Section.Causes, "Test a claim about which parts matter by exchanging everything that it says does not",
    Topic = "causal-scrubbing",
    Examples = "causal-scrubbing\ncausal-scrubbing --parts 2.0 --parts 2.1 --agree answer --agree versus\ncausal-scrubbing --pairs ioi-abba --count 100 --hypothesis claim.json")]
public sealed record CausalScrubbing(
    [property: Help("Prompts: a file (.csv, .jsonl) or a generator such as ioi")] string Pairs = "ioi",
    [property: Help("Prompts taken"), Range(2, 100_000)] int Count = 64,
    [property: Help("Draws prompts, and what is exchanged")] int Seed = 0,
    [property: Help("JSON file with the claim: what each node reads, and which features of it matter")] string? Hypothesis = null,
    [property: Help("Without a file: parts that alone matter to the logits, such as heads, 9.6, mlp3 (default: heads)")] IReadOnlyList<string>? Parts = null,
    [property: Help("Features they matter by: answer, versus, answer-at, versus-at, token:N, prompt (default: answer)")] IReadOnlyList<string>? Agree = null,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("How often everything is drawn anew"), Range(1, 1000)] int Samples = 4) : ITechnique<CausalScrubbingFinding>
{
    /// <inheritdoc/>
    public CausalScrubbingFinding Run(LanguageModel model, Progress progress = default)
    {
        if (Hypothesis is not null && (Parts is not null || Agree is not null))
        {
            throw CutawayException.Usage("--hypothesis says which parts matter and by what; leave out --parts and --agree");
        }

        ScrubbingHypothesis claim = Hypothesis is not null
            ? ScrubbingHypothesis.Read(Hypothesis)
            : ScrubbingHypothesis.Of(PathEnds.Senders(model.Config, Parts ?? ["heads"]).Select(PathEnds.Name), Agree ?? ["answer"]);
        PairBatch all = new PairChoice(Pairs: Pairs, Count: Count, Seed: Seed, AnswerTokens: AnswerTokens).Encode(model);

        // Positions must mean the same in every prompt.
        IGrouping<int, PromptPair> longest = all.Pairs.GroupBy(pair => model.Encode(pair.Clean).Count).MaxBy(group => group.Count())!;
        PairBatch pairs = longest.Count() == all.Pairs.Count ? all : PairBatch.Encode(model, AnswerTokens, [.. longest]);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), claim, progress) with { LeftOut = all.Pairs.Count - pairs.Pairs.Count };
    }

    /// <summary>Tests a claim on prompts of one's own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">At least two prompts of one length; the corrupted ones are not read.</param>
    /// <param name="metric">What is measured, made for these pairs.</param>
    /// <param name="claim">What matters.</param>
    /// <param name="progress">Reports and cancels long work.</param>
    public CausalScrubbingFinding Run(LanguageModel model, PairBatch pairs, Metric metric, ScrubbingHypothesis claim, Progress progress = default)
    {
        if (pairs.AnswerTokens == AnswerTokens.Sum)
        {
            throw CutawayException.Usage("scrubbing exchanges activations between prompts, whose answers may be of different lengths; measure the first token of each (--answer-tokens first)");
        }

        if (pairs.Clean.Mask.Length > 0 || pairs.Clean.Batch < 2)
        {
            throw CutawayException.Input("scrubbing exchanges activations between prompts: give at least two, all of one length");
        }

        double[] plain = MetricReader.Read(metric, model.Run(pairs.Clean, [], metric.Scope, progress.Cancellation).Logits);
        Scrubber scrubber = new(model, pairs, claim, Seed, progress.Cancellation);
        Scrubber nothing = new(model, pairs, ScrubbingHypothesis.Nothing, Seed, progress.Cancellation);
        double[] scrubbed = new double[Samples];
        double[] random = new double[Samples];
        for (int i = 0; i < Samples; i++)
        {
            progress.Step("scrubbing", i, Samples);
            scrubbed[i] = scrubber.Measure(metric).Average();
            random[i] = nothing.Measure(metric).Average();
        }

        progress.Step("scrubbing", 1, 1);
        return new CausalScrubbingFinding
        {
            Claim = claim,
            Metric = PromptTokens.Metric(metric, pairs),
            Prompts = pairs.Pairs.Count,
            Samples = Samples,
            Choices = scrubber.Choices,
            Model = plain.Average(),
            Scrubbed = scrubbed.Average(),
            Random = random.Average(),
            Deviation = Math.Sqrt(scrubbed.Average(value => (value - scrubbed.Average()) * (value - scrubbed.Average()))),
            Recovered = new Normalization(plain, [.. plain.Select(_ => random.Average())]).Mean([scrubbed.Average()]),
        };
    }
}

/// <summary>How much of a behaviour a claim explains.</summary>
public sealed record CausalScrubbingFinding : Finding
{
    /// <summary>The claim.</summary>
    public required ScrubbingHypothesis Claim { get; init; }

    /// <summary>What was measured.</summary>
    public required string Metric { get; init; }

    /// <summary>Prompts.</summary>
    public required int Prompts { get; init; }

    /// <summary>Prompts of other lengths, which were not used.</summary>
    public int LeftOut { get; init; }

    /// <summary>How often everything was drawn.</summary>
    public required int Samples { get; init; }

    /// <summary>How many prompts an activation could come from, on average; near 1 the claim was hardly tested.</summary>
    public required double Choices { get; init; }

    /// <summary>The metric of the model as it is.</summary>
    public required double Model { get; init; }

    /// <summary>The metric when all that the claim allows is exchanged.</summary>
    public required double Scrubbed { get; init; }

    /// <summary>The metric when everything is exchanged: what a claim that nothing matters keeps.</summary>
    public required double Random { get; init; }

    /// <summary>Standard deviation of <see cref="Scrubbed"/> from one draw to the next.</summary>
    public required double Deviation { get; init; }

    /// <summary>(scrubbed − random) / (model − random): 1 if the claim explains everything.</summary>
    public required double Recovered { get; init; }

    /// <inheritdoc/>
    public override string Headline =>
        FormattableString.Invariant($"Exchanging all that the claim calls unimportant keeps {Recovered:0%} of the {Metric}: {Scrubbed:0.00}, where the model has {Model:0.00} and chance {Random:0.00}");

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            string leftOut = LeftOut > 0 ? FormattableString.Invariant($" ({LeftOut} of other lengths were left out)") : "";
            return
            [
                new BarsView("What is left", ["the model", "scrubbed", "everything exchanged"], [Model, Scrubbed, Random])
                {
                    Unit = Metric,
                    Caption = FormattableString.Invariant($"Means over {Prompts} prompts{leftOut} and {Samples} draws; from draw to draw the scrubbed one varies by {Deviation:0.00}. An activation that matters could come from {Choices:0.#} prompts on average: at 1 nothing would have been exchanged, and nothing tested."),
                },
                new TableView("The claim", ["node", "reads", "by", "matters by", "positions"], [.. Claim.Nodes.SelectMany(node => node.Reads.GroupBy(edge => (edge.To, Features(edge), Positions(edge)))
                    .Select(group => (IReadOnlyList<object>)[node.Node, string.Join(", ", group.Select(edge => edge.From)), group.Key.To ?? "all inputs", group.Key.Item2, group.Key.Item3]))])
                {
                    Caption = "What is not listed came from a prompt drawn at random. A claim can keep everything and still say too much: it is tested by what it leaves out, so compare it with smaller ones.",
                },
            ];
        }
    }

    private static string Features(HypothesisEdge edge) => edge.Agree is { Count: > 0 } ? string.Join(", ", edge.Agree) : "nothing";

    private static string Positions(HypothesisEdge edge) => edge.Positions is null ? "all" : string.Join(", ", edge.Positions);
}
