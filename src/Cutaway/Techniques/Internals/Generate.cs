using System.ComponentModel.DataAnnotations;
using Cutaway.Decoding;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Tokenizers.Chat;
using Cutaway.Runs;

namespace Cutaway.Techniques.Internals;

/// <summary>
/// Continues a text token by token, or by a search that compares texts; interventions of a plan hold in every step. The options and
/// the order in which they act are written down in docs/decoding.md.
/// </summary>
/// <param name="Prompt">What is continued.</param>
/// <param name="MaxTokens">Tokens generated at the most.</param>
/// <param name="Temperature">0 for the most likely token.</param>
/// <param name="TopK">Draws from the k most likely tokens.</param>
/// <param name="TopP">Draws from the fewest tokens that have this probability.</param>
/// <param name="MinP">Draws from tokens at least this share as likely as the first.</param>
/// <param name="TypicalP">Draws from the most typical tokens that have this probability.</param>
/// <param name="EpsilonCutoff">Draws from tokens of at least this probability.</param>
/// <param name="EtaCutoff">The same, with a limit that falls with the entropy.</param>
/// <param name="RepetitionPenalty">Divides logits of tokens that occurred.</param>
/// <param name="PresencePenalty">Taken off logits of generated tokens.</param>
/// <param name="FrequencyPenalty">Taken off them each time they occurred.</param>
/// <param name="NoRepeatNgram">No run of so many tokens occurs twice.</param>
/// <param name="LogitBias">Numbers added to the logits of tokens.</param>
/// <param name="Ban">Texts that are not written.</param>
/// <param name="MinTokens">Tokens before the text may end.</param>
/// <param name="Stop">Texts in front of which the text is cut.</param>
/// <param name="Regex">What the text must match.</param>
/// <param name="Grammar">A file of a grammar that the text must follow, or <c>json</c>.</param>
/// <param name="Beams">Beams of a beam search.</param>
/// <param name="BeamGroups">Groups of them.</param>
/// <param name="DiversityPenalty">What an earlier group's choice takes off.</param>
/// <param name="LengthPenalty">The power of the length that scores are divided by.</param>
/// <param name="EarlyStopping">When a beam search ends.</param>
/// <param name="ContrastiveAlpha">α of a contrastive search.</param>
/// <param name="Candidates">Tokens that it compares.</param>
/// <param name="Dola">Layers that DoLa contrasts with.</param>
/// <param name="Seed">Seed of the draws.</param>
/// <param name="Intervene">A plan file (JSON) whose interventions hold in every step.</param>
/// <param name="Chat">Whether the prompt is a user's message, to be put into the model's chat template.</param>
/// <param name="ModelDefaults">Whether what is not given is taken from the model's own settings.</param>
/// <param name="Stream">Whether the text is shown as it is made.</param>
[Technique("generate", Section.Internals, "Continue a text by any decoding method, with interventions held in every step",
    Topic = "decoding-strategies",
    Examples = "generate \"When Mary and John went to the store, John gave a drink to\" --max-tokens 1\ngenerate \"Once upon a time\" --temperature 0.8 --top-p 0.95 --seed 7 --stream --model path/to/model.gguf\ngenerate \"When Mary and John went to the store, John gave\" --beams 4 --max-tokens 12\ngenerate \"Mary was born in\" --regex \" [0-9]{4}\\.\"\ngenerate \"Describe a cat as JSON.\" --chat --grammar json --model path/to/model.gguf")]
public sealed record Generate(
    [property: Help("Text that is continued", Argument = true)] Prompt Prompt,
    [property: Help("Tokens generated at the most (default: 40)"), Range(1, 100000)] int? MaxTokens = null,
    [property: Help("0 takes the most likely token; above, one is drawn (default: 0)"), Range(0.0, 100.0)] double? Temperature = null,
    [property: Help("Draw from the N most likely tokens"), Range(0, int.MaxValue)] int? TopK = null,
    [property: Help("Draw from the fewest tokens that have this probability together (nucleus)"), Range(0.0, 1.0)] double? TopP = null,
    [property: Help("Draw from tokens at least this share as likely as the most likely one"), Range(0.0, 1.0)] double? MinP = null,
    [property: Help("Draw from the tokens of most typical information that have this probability together"), Range(0.0, 1.0)] double? TypicalP = null,
    [property: Help("Draw from tokens of at least this probability"), Range(0.0, 1.0)] double? EpsilonCutoff = null,
    [property: Help("The same, lower where the model is unsure"), Range(0.0, 1.0)] double? EtaCutoff = null,
    [property: Help("Divide logits of tokens of the prompt and the text by this, such as 1.2"), Range(0.01, 100.0)] double? RepetitionPenalty = null,
    [property: Help("Take this off the logits of generated tokens")] double? PresencePenalty = null,
    [property: Help("Take this off them each time they occurred")] double? FrequencyPenalty = null,
    [property: Help("Let no run of N tokens occur twice"), Range(0, int.MaxValue)] int? NoRepeatNgram = null,
    [property: Help("Add a number to a token's logit, as \" Mary=-5\"")] IReadOnlyList<string>? LogitBias = null,
    [property: Help("A text that is not written (as its tokens stand)")] IReadOnlyList<string>? Ban = null,
    [property: Help("Tokens generated before the text may end (default: 0)"), Range(0, 100000)] int? MinTokens = null,
    [property: Help("A text in front of which the text is cut")] IReadOnlyList<string>? Stop = null,
    [property: Help("A regular expression that the whole text must match")] string? Regex = null,
    [property: Help("A file of a grammar (GBNF) that the text must follow, or json")] string? Grammar = null,
    [property: Help("Search with N beams"), Range(1, 1000)] int? Beams = null,
    [property: Help("Groups of beams that avoid each other's tokens"), Range(1, 1000)] int BeamGroups = 1,
    [property: Help("What each beam of an earlier group takes off its token's score"), Range(0.0, double.MaxValue)] double DiversityPenalty = 0,
    [property: Help("Scores are divided by the length to this power")] double LengthPenalty = 1,
    [property: Help("When a beam search ends")] EarlyStopping EarlyStopping = EarlyStopping.Heuristic,
    [property: Help("Contrastive search with this penalty on what resembles the text so far, such as 0.6"), Range(0.0, 1.0)] double? ContrastiveAlpha = null,
    [property: Help("Tokens that a contrastive search compares"), Range(1, 1000)] int Candidates = 4,
    [property: Help("Contrast with early layers (DoLa): low, high, or layers such as 0,2,4")] string? Dola = null,
    [property: Help("Seed of the draws")] int Seed = 0,
    [property: Help("Plan file (JSON) held in every step")] string? Intervene = null,
    [property: Help("Take the prompt as a user's message: put it into the model's chat template")] bool Chat = false,
    [property: Help("Take what is not given from the model's generation_config.json")] bool ModelDefaults = false,
    [property: Help("Show the text as it is made")] bool Stream = false) : ITechnique<GenerateFinding>
{
    /// <inheritdoc/>
    public GenerateFinding Run(LanguageModel model, Progress progress = default)
    {
        IReadOnlyList<PlanItem> plan = Intervene is null ? [] : Plans.Read(Intervene);
        Prompt prompt = Chat ? model.Chat(new ChatMessage("user", Prompt.ToString())) : Prompt;
        string start = prompt.Text ?? model.Tokenizer.Decode(model.Encode(prompt).ToArray());
        Action<string>? reader = Stream ? progress.Text : null;
        GenerationOptions options = Options(model) with { OnText = reader };
        int done = 0;
        options = options with
        {
            OnToken = _ =>
            {
                // A line of progress would be written into the text.
                if (reader is null)
                {
                    progress.Step("generating", ++done, options.MaxTokens);
                }
            },
        };
        reader?.Invoke(start);
        Generation generation = model.Generate(prompt, options, plan, progress.Cancellation);
        reader?.Invoke("\n\n");
        return new GenerateFinding
        {
            Prompt = start,
            Text = generation.Text,
            Ids = generation.Ids,
            Tokens = model.TokenTexts(generation.Ids),
            LogProbabilities = generation.LogProbabilities,
            Gaps = generation.Gaps,
            Finish = generation.Finish,
            Ranked = options.Strategy is BeamSearch ? [.. generation.Alternatives.Prepend(generation).Select(text => new ScoredText(text.Text, text.Score))] : [],
        };
    }

    private GenerationOptions Options(LanguageModel model)
    {
        GenerationOptions own = ModelDefaults ? model.GenerationDefaults : new();
        DecodingStrategy? strategy = DecodingChoice.One(
            ("--beams", Beams is int beams ? new BeamSearch { Beams = beams, Groups = BeamGroups, DiversityPenalty = DiversityPenalty, LengthPenalty = LengthPenalty, EarlyStopping = EarlyStopping } : null),
            ("--contrastive-alpha", ContrastiveAlpha is double alpha ? new ContrastiveSearch { Alpha = alpha, Candidates = Candidates } : null),
            ("--dola", Dola is null ? null : DecodingChoice.Dola(model, Dola)));
        if ((Temperature ?? own.Temperature) == 0 && (TopK > 0 || TopP < 1 || MinP > 0 || TypicalP < 1 || EpsilonCutoff > 0 || EtaCutoff > 0))
        {
            throw CutawayException.Usage("a filter of draws is given, and at temperature 0 nothing is drawn; give --temperature 1 as well");
        }

        return own with
        {
            MaxTokens = MaxTokens ?? own.MaxTokens,
            MinTokens = MinTokens ?? own.MinTokens,
            Temperature = Temperature ?? own.Temperature,
            TopK = TopK ?? own.TopK,
            TopP = TopP ?? own.TopP,
            MinP = MinP ?? own.MinP,
            TypicalP = TypicalP ?? own.TypicalP,
            EpsilonCutoff = EpsilonCutoff ?? own.EpsilonCutoff,
            EtaCutoff = EtaCutoff ?? own.EtaCutoff,
            RepetitionPenalty = RepetitionPenalty ?? own.RepetitionPenalty,
            PresencePenalty = PresencePenalty ?? own.PresencePenalty,
            FrequencyPenalty = FrequencyPenalty ?? own.FrequencyPenalty,
            NoRepeatNgram = NoRepeatNgram ?? own.NoRepeatNgram,
            LogitBias = DecodingChoice.Biases(model, LogitBias),
            Banned = [.. own.Banned, .. DecodingChoice.Banned(model, Ban)],
            StopTexts = Stop ?? [],
            Constraint = DecodingChoice.Constraint(Regex, Grammar),
            Strategy = strategy ?? own.Strategy,
            Seed = Seed,
        };
    }
}

/// <summary>A text and its score.</summary>
/// <param name="Text">The text.</param>
/// <param name="Score">Its score, as a beam search ranks by it.</param>
public sealed record ScoredText(string Text, double Score);

/// <summary>A continuation.</summary>
public sealed record GenerateFinding : Finding
{
    /// <summary>What was continued.</summary>
    public required string Prompt { get; init; }

    /// <summary>The continuation.</summary>
    public required string Text { get; init; }

    /// <summary>Its ids.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Its tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Log-probability of each token at temperature 1.</summary>
    public required IReadOnlyList<double> LogProbabilities { get; init; }

    /// <summary>By how much the first choice's logit exceeded the second's in each step.</summary>
    public required IReadOnlyList<double> Gaps { get; init; }

    /// <summary>Why the text ended.</summary>
    public required FinishReason Finish { get; init; }

    /// <summary>All texts that a beam search found, best first; empty for other methods.</summary>
    public IReadOnlyList<ScoredText> Ranked { get; init; } = [];

    /// <inheritdoc/>
    public override string Headline => Prompt + Text;

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new TokensView("Generated tokens", Tokens, LogProbabilities)
        {
            Unit = "log-probability",
            Notes = [.. Gaps.Select(gap => FormattableString.Invariant($"first choice ahead by {gap:0.00} logits"))],
            Caption = Finish switch
            {
                FinishReason.EndToken => "The model ended the text.",
                FinishReason.StopText => "The text was cut in front of a stop text.",
                FinishReason.Complete => "The text is complete: what it must match allows nothing more.",
                _ => "The text ended at the number of tokens allowed.",
            },
        },
        .. Ranked.Count < 2 ? Array.Empty<View>() :
        [
            new TableView("Texts found", ["text", "score"], [.. Ranked.Select(text => (IReadOnlyList<object>)[text.Text, text.Score])])
            {
                Caption = "The sum of the log-probabilities, divided by the length to the power of the length penalty.",
            },
        ],
    ];
}
