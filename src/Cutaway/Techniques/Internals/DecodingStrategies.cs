using System.ComponentModel.DataAnnotations;
using Cutaway.Decoding;
using Cutaway.Findings;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Techniques.Internals;

/// <summary>
/// What decoding methods make of the same prediction. Each filter is applied alone to the distribution of the next token at the
/// temperature given, then all of them in turn; and the prompt is continued by each method from the same seed. The methods and their
/// sources are in docs/decoding.md.
/// </summary>
/// <param name="Prompt">What is continued.</param>
/// <param name="Temperature">The temperature of all draws.</param>
/// <param name="TopK">k of top-k.</param>
/// <param name="TopP">Mass of the nucleus.</param>
/// <param name="MinP">Share of the most likely token.</param>
/// <param name="TypicalP">Mass of typical sampling.</param>
/// <param name="EpsilonCutoff">Least probability.</param>
/// <param name="EtaCutoff">The same where the model is sure.</param>
/// <param name="RepetitionPenalty">The penalty on what occurred.</param>
/// <param name="Top">Tokens in the picture.</param>
/// <param name="MaxTokens">Tokens of each text.</param>
/// <param name="Seed">Seed of all draws.</param>
[Technique("decoding-strategies", Section.Internals, "What each decoding method leaves of the next token's distribution, and the text that it makes",
    Topic = "decoding-strategies",
    Examples = "decoding-strategies \"When Mary and John went to the store, John gave\" --temperature 2\ndecoding-strategies \"Once upon a time\" --temperature 1.2 --top-p 0.8 --seed 3 --model path/to/model.gguf")]
public sealed record DecodingStrategies(
    [property: Help("Text that is continued", Argument = true)] Prompt Prompt,
    [property: Help("Temperature of all draws"), Range(0.01, 100.0)] double Temperature = 1,
    [property: Help("Top-k: so many of the most likely tokens"), Range(1, int.MaxValue)] int TopK = 10,
    [property: Help("Top-p: the fewest tokens of this probability"), Range(0.0, 1.0)] double TopP = 0.9,
    [property: Help("Min-p: tokens at least this share as likely as the first"), Range(0.0, 1.0)] double MinP = 0.1,
    [property: Help("Typical: the most typical tokens of this probability"), Range(0.01, 1.0)] double TypicalP = 0.9,
    [property: Help("Epsilon: tokens of at least this probability"), Range(0.0, 0.99)] double EpsilonCutoff = 0.01,
    [property: Help("Eta: the same, lower where the model is unsure"), Range(0.0, 0.99)] double EtaCutoff = 0.01,
    [property: Help("Penalty on tokens of the prompt and the text"), Range(0.01, 100.0)] double RepetitionPenalty = 1.3,
    [property: Help("Tokens in the picture"), Range(1, 50)] int Top = 10,
    [property: Help("Tokens of each text"), Range(1, 1000)] int MaxTokens = 20,
    [property: Help("Seed of all draws")] int Seed = 0) : ITechnique<DecodingStrategiesFinding>
{
    /// <inheritdoc/>
    public DecodingStrategiesFinding Run(LanguageModel model, Progress progress = default)
    {
        int[] ids = [.. model.Encode(Prompt)];
        double[] logits = model.Run(TokenBatch.Single(ids), [], LogitScope.Last, progress.Cancellation).LastLogits();
        int[] shown = Reductions.TopK<double>(logits, Top);
        GenerationOptions plain = new() { Temperature = Temperature };
        GenerationOptions all = plain with { TopK = TopK, TopP = TopP, MinP = MinP, TypicalP = TypicalP, EpsilonCutoff = EpsilonCutoff, EtaCutoff = EtaCutoff };
        StepLogits step = new(logits.Length);
        Temperature warm = new(Temperature);
        List<FilterEffect> filters =
        [
            Effect("model", []),
            Effect($"repetition {RepetitionPenalty}", [new RepetitionPenalty(RepetitionPenalty)]),
            Effect($"temperature {Temperature}", [warm]),
            Effect($"top-k {TopK}", [warm, new TopK(TopK)]),
            Effect($"top-p {TopP}", [warm, new TopP(TopP)]),
            Effect($"min-p {MinP}", [warm, new MinP(MinP)]),
            Effect($"typical {TypicalP}", [warm, new Typical(TypicalP)]),
            Effect($"epsilon {EpsilonCutoff}", [warm, new Epsilon(EpsilonCutoff)]),
            Effect($"eta {EtaCutoff}", [warm, new Eta(EtaCutoff)]),
            Effect("all in turn", LogitsChain.Filters(all)),
        ];
        return new DecodingStrategiesFinding
        {
            Prompt = Prompt.Text ?? model.Tokenizer.Decode(ids),
            Tokens = model.TokenTexts(shown),
            Filters = filters,
            Texts = Continue(model, ids, plain, all, progress),
        };

        // What is removed is measured in the distribution that the last processor was given.
        FilterEffect Effect(string name, IReadOnlyList<ILogitsProcessor> processors)
        {
            step.Begin<double>(logits, ids, ids.Length);
            foreach (ILogitsProcessor first in processors.Take(1).Where(processor => processor is Temperature))
            {
                first.Apply(step);
            }

            double[] before = step.Probabilities().ToArray();
            foreach (ILogitsProcessor processor in processors.SkipWhile(processor => processor is Temperature))
            {
                processor.Apply(step);
            }

            double[] after = step.Probabilities().ToArray();
            return new FilterEffect(
                name,
                step.Logits.ToArray().Count(double.IsFinite),
                Enumerable.Range(0, after.Length).Where(id => double.IsNegativeInfinity(step.Logits[id])).Sum(id => before[id]),
                step.Entropy(),
                [.. shown.Select(id => after[id])]);
        }
    }

    private MethodText[] Continue(LanguageModel model, int[] ids, GenerationOptions plain, GenerationOptions all, Progress progress)
    {
        GenerationOptions greedy = new();
        (string Name, GenerationOptions Options)[] methods =
        [
            ("greedy", greedy),
            ("greedy, repetition penalty", greedy with { RepetitionPenalty = RepetitionPenalty }),
            ("greedy, no 3 tokens twice", greedy with { NoRepeatNgram = 3 }),
            ("beam search, 4 beams", greedy with { Strategy = new BeamSearch() }),
            ("diverse beams, 2 groups of 2", greedy with { Strategy = new BeamSearch { Groups = 2, DiversityPenalty = 1 } }),
            ("contrastive search", greedy with { Strategy = new ContrastiveSearch { Candidates = Math.Min(4, model.Config.Vocabulary) } }),
            ("DoLa", greedy with { Strategy = new Dola(), RepetitionPenalty = 1.2 }),
            ("drawn from all", plain),
            ("drawn, top-k", plain with { TopK = TopK }),
            ("drawn, top-p", plain with { TopP = TopP }),
            ("drawn, min-p", plain with { MinP = MinP }),
            ("drawn, typical", plain with { TypicalP = TypicalP }),
            ("drawn, epsilon", plain with { EpsilonCutoff = EpsilonCutoff }),
            ("drawn, eta", plain with { EtaCutoff = EtaCutoff }),
            ("drawn, all filters", all),
        ];
        MethodText[] texts = new MethodText[methods.Length];
        for (int i = 0; i < methods.Length; i++)
        {
            progress.Step(methods[i].Name, i, methods.Length);
            Generation generation = model.Generate(Cutaway.Prompt.FromIds(ids), methods[i].Options with { MaxTokens = MaxTokens, Seed = Seed }, null, progress.Cancellation);
            texts[i] = new MethodText(methods[i].Name, generation.Text, generation.LogProbabilities.Average(), generation.Ids.Distinct().Count() / (double)generation.Ids.Count);
        }

        return texts;
    }
}

/// <summary>What a filter leaves of a distribution.</summary>
/// <param name="Name">Which filter.</param>
/// <param name="Kept">Tokens that are left.</param>
/// <param name="RemovedMass">Probability of those that are not, before.</param>
/// <param name="Entropy">Entropy of what is left, in nats.</param>
/// <param name="Probabilities">Probabilities of the tokens in the picture, after.</param>
public sealed record FilterEffect(string Name, int Kept, double RemovedMass, double Entropy, IReadOnlyList<double> Probabilities);

/// <summary>A text by one method.</summary>
/// <param name="Method">Which method.</param>
/// <param name="Text">The text.</param>
/// <param name="MeanLogProbability">The mean log-probability of its tokens as the model gives it, unfiltered.</param>
/// <param name="DistinctShare">How many of its tokens are different, as a share.</param>
public sealed record MethodText(string Method, string Text, double MeanLogProbability, double DistinctShare);

/// <summary>Distributions and texts by method.</summary>
public sealed record DecodingStrategiesFinding : Finding
{
    /// <summary>What was continued.</summary>
    public required string Prompt { get; init; }

    /// <summary>The likeliest next tokens, most likely first.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The distribution before and after each filter; first the model's own.</summary>
    public required IReadOnlyList<FilterEffect> Filters { get; init; }

    /// <summary>The texts.</summary>
    public required IReadOnlyList<MethodText> Texts { get; init; }

    /// <inheritdoc/>
    public override string Headline => FormattableString.Invariant(
        $"All filters in turn leave {Filters[^1].Kept} of {Filters[0].Kept} tokens and {Math.Exp(Filters[^1].Entropy):0.0} of {Math.Exp(Filters[0].Entropy):0.0} choices (exp of the entropy); {Texts.Select(text => text.Text).Distinct().Count()} of {Texts.Count} texts differ");

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new HeatMapView("The next token", [.. Filters.Select(filter => filter.Name)], Tokens, [.. Filters.Select(filter => (IReadOnlyList<double>)[.. filter.Probabilities.Select(p => p > 0 ? p : double.NaN)])])
        {
            RowAxis = "after", ColumnAxis = "token", Unit = "probability",
            Caption = "Each filter alone, at the temperature given; removed tokens are empty, and what is left sums to 1.",
        },
        new TableView("What is left", ["after", "tokens kept", "probability removed", "entropy", "choices"],
            [.. Filters.Select(filter => (IReadOnlyList<object>)[filter.Name, filter.Kept, filter.RemovedMass, filter.Entropy, Math.Exp(filter.Entropy)])])
        {
            Caption = "Entropy in nats; choices is its exponential, the number of equally likely tokens that would be as uncertain.",
        },
        new TableView("Texts", ["method", "text", "mean log-probability", "distinct tokens"],
            [.. Texts.Select(text => (IReadOnlyList<object>)[text.Method, text.Text, text.MeanLogProbability, text.DistinctShare])])
        {
            Caption = "All draws have the same seed. The mean log-probability is the model's own, before any filter; distinct tokens is a share of the text's tokens.",
        },
    ];
}
