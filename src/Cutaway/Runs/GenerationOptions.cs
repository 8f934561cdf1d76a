using Cutaway.Decoding;

namespace Cutaway.Runs;

/// <summary>How to generate. What is left as it is changes nothing; docs/decoding.md gives the order and the formulas.</summary>
public sealed record GenerationOptions
{
    /// <summary>Tokens to generate at the most.</summary>
    public int MaxTokens { get; init; } = 40;

    /// <summary>Tokens to generate before one may end the text.</summary>
    public int MinTokens { get; init; }

    /// <summary>0 takes the most likely token; above, logits are divided by it and a token is drawn.</summary>
    public double Temperature { get; init; }

    /// <summary>Seed of the draws. Sequence i of a batch draws as it would alone with this seed plus i.</summary>
    public int Seed { get; init; }

    /// <summary>Draws from the k most likely tokens; 0 from all.</summary>
    public int TopK { get; init; }

    /// <summary>Draws from the fewest tokens that have this probability together; 1 from all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Draws from tokens at least this share as likely as the most likely one; 0 from all.</summary>
    public double MinP { get; init; }

    /// <summary>Draws from the tokens of most typical information that have this probability together; 1 from all.</summary>
    public double TypicalP { get; init; } = 1;

    /// <summary>Draws from tokens of at least this probability; 0 from all.</summary>
    public double EpsilonCutoff { get; init; }

    /// <summary>The same with a limit that falls with the entropy, at most this; 0 for none.</summary>
    public double EtaCutoff { get; init; }

    /// <summary>Divides (or multiplies, below zero) logits of tokens of the prompt and the text so far; 1 for none.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken off the logits of tokens generated before.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Taken off the logits of generated tokens each time they occurred.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>No run of this many tokens occurs twice; 0 for no such rule.</summary>
    public int NoRepeatNgram { get; init; }

    /// <summary>Added to the logits of tokens.</summary>
    public IReadOnlyDictionary<int, double> LogitBias { get; init; } = new Dictionary<int, double>();

    /// <summary>Sequences of tokens that are not generated.</summary>
    public IReadOnlyList<int[]> Banned { get; init; } = [];

    /// <summary>Whether the model's end-of-text token ends the generation.</summary>
    public bool StopAtEnd { get; init; } = true;

    /// <summary>Tokens that end the generation, beside the end of text.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Texts that end the generation, wherever token borders fall; the text is cut in front of the first of them.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>What the text must match, or null.</summary>
    public Constraint? Constraint { get; init; }

    /// <summary>Beam search, contrastive search or DoLa; null goes token by token.</summary>
    public DecodingStrategy? Strategy { get; init; }

    /// <summary>Further processors, applied after those of the options above and before what shapes draws.</summary>
    public IReadOnlyList<ILogitsProcessor> Processors { get; init; } = [];

    /// <summary>Called with each token as it is chosen, or null. A search that compares texts reports the tokens of its best one at the end.</summary>
    public Action<int>? OnToken { get; init; }

    /// <summary>Called with each piece of text that is certain, of whole characters; for one prompt only, or null.</summary>
    public Action<string>? OnText { get; init; }

    /// <summary>Checks the numbers.</summary>
    /// <param name="model">The model that will generate.</param>
    /// <exception cref="CutawayException">A number is out of its range, or two options contradict each other.</exception>
    internal void Validate(LanguageModel model)
    {
        if (MaxTokens < 1 || Temperature < 0 || !double.IsFinite(Temperature))
        {
            throw CutawayException.Usage($"generation needs at least one token and a temperature of 0 or more; got {MaxTokens} and {Temperature}");
        }

        Require(MinTokens >= 0 && MinTokens <= MaxTokens, "minimum of tokens", MinTokens, $"0 to the maximum, {MaxTokens}");
        Require(TopK >= 0, "top-k", TopK, "at least 0");
        Require(TopP is >= 0 and <= 1, "top-p", TopP, "0 to 1");
        Require(MinP is >= 0 and <= 1, "min-p", MinP, "0 to 1");
        Require(TypicalP is > 0 and <= 1, "typical-p", TypicalP, "above 0, at most 1");
        Require(EpsilonCutoff is >= 0 and < 1, "epsilon cutoff", EpsilonCutoff, "at least 0, below 1");
        Require(EtaCutoff is >= 0 and < 1, "eta cutoff", EtaCutoff, "at least 0, below 1");
        Require(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty), "repetition penalty", RepetitionPenalty, "above 0");
        Require(double.IsFinite(PresencePenalty), "presence penalty", PresencePenalty, "a number");
        Require(double.IsFinite(FrequencyPenalty), "frequency penalty", FrequencyPenalty, "a number");
        Require(NoRepeatNgram >= 0, "length of a run that must not occur twice", NoRepeatNgram, "at least 0");
        foreach (int token in LogitBias.Keys.Concat(StopTokens).Concat(Banned.SelectMany(sequence => sequence)))
        {
            Require((uint)token < (uint)model.Config.Vocabulary, "token id", token, $"0 to {model.Config.Vocabulary - 1}");
        }

        if (StopTexts.Any(string.IsNullOrEmpty) || Banned.Any(sequence => sequence.Length == 0) || LogitBias.Values.Any(bias => double.IsNaN(bias) || double.IsPositiveInfinity(bias)))
        {
            throw CutawayException.Usage("a stop text or a banned sequence is empty, or a logit bias is not a number");
        }

        if (Strategy is BeamSearch or ContrastiveSearch && Temperature > 0)
        {
            throw CutawayException.Usage($"{Strategy.GetType().Name} draws nothing, and a temperature of {Temperature} is given; use temperature 0, or no strategy");
        }

        Strategy?.Validate(model);
    }

    private static void Require(bool holds, string what, double value, string expected)
    {
        if (!holds)
        {
            throw CutawayException.Usage(FormattableString.Invariant($"the {what} is {value}; expected {expected}"));
        }
    }
}
