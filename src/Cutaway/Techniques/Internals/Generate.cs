using System.ComponentModel.DataAnnotations;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Tokenizers.Chat;
using Cutaway.Runs;

namespace Cutaway.Techniques.Internals;

/// <summary>Continues a text token by token, with interventions held in every step if a plan is given.</summary>
/// <param name="Prompt">What is continued.</param>
/// <param name="MaxTokens">Tokens generated at the most.</param>
/// <param name="Temperature">0 for the most likely token.</param>
/// <param name="Seed">Seed of the draws.</param>
/// <param name="Intervene">A plan file (JSON) whose interventions hold in every step.</param>
/// <param name="Chat">Whether the prompt is a user's message, to be put into the model's chat template.</param>
[Technique("generate", Section.Internals, "Continue a text, with interventions held in every step",
    Topic = "decoding-strategies",
    Examples = "generate \"When Mary and John went to the store, John gave a drink to\" --max-tokens 1\ngenerate \"Once upon a time\" --temperature 0.8 --seed 7 --model path/to/model.gguf\ngenerate \"What is the capital of France?\" --chat --model path/to/model.gguf")]
public sealed record Generate(
    [property: Help("Text that is continued", Argument = true)] Prompt Prompt,
    [property: Help("Tokens generated at the most"), Range(1, 100000)] int MaxTokens = 40,
    [property: Help("0 takes the most likely token"), Range(0.0, 100.0)] double Temperature = 0,
    [property: Help("Seed of the draws")] int Seed = 0,
    [property: Help("Plan file (JSON) held in every step")] string? Intervene = null,
    [property: Help("Take the prompt as a user's message: put it into the model's chat template")] bool Chat = false) : ITechnique<GenerateFinding>
{
    /// <inheritdoc/>
    public GenerateFinding Run(LanguageModel model, Progress progress = default)
    {
        IReadOnlyList<PlanItem> plan = Intervene is null ? [] : Plans.Read(Intervene);
        int done = 0;
        GenerationOptions options = new()
        {
            MaxTokens = MaxTokens,
            Temperature = Temperature,
            Seed = Seed,
            OnToken = _ => progress.Step("generating", ++done, MaxTokens),
        };
        Prompt prompt = Chat ? model.Chat(new ChatMessage("user", Prompt.ToString())) : Prompt;
        Generation generation = model.Generate(prompt, options, plan, progress.Cancellation);
        return new GenerateFinding
        {
            Prompt = prompt.Text ?? model.Tokenizer.Decode(generation.Prompt.ToArray()),
            Text = generation.Text,
            Ids = generation.Ids,
            Tokens = model.TokenTexts(generation.Ids),
            LogProbabilities = generation.LogProbabilities,
            Gaps = generation.Gaps,
        };
    }
}

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

    /// <inheritdoc/>
    public override string Headline => Prompt + Text;

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new TokensView("Generated tokens", Tokens, LogProbabilities)
        {
            Unit = "log-probability",
            Notes = [.. Gaps.Select(gap => FormattableString.Invariant($"first choice ahead by {gap:0.00} logits"))],
        },
    ];
}
