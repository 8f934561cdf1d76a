using System.ComponentModel.DataAnnotations;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// Steers a generation by adding a contrast vector to the residual stream in every step: the difference between the model's
/// states after two texts (Turner et al. 2023, "Activation Addition", section 3), at the last position of each; of several
/// texts on a side the mean is taken (Rimsky et al. 2023, "Steering Llama 2 via Contrastive Activation Addition").
/// </summary>
/// <param name="Prompt">What is continued.</param>
/// <param name="Toward">Texts with more of what is wanted.</param>
/// <param name="AwayFrom">Texts with less of it.</param>
/// <param name="Layer">The vector is added to the residual stream before this block; by default a third of the way up.</param>
/// <param name="Strength">Factor on the vector.</param>
/// <param name="MaxTokens">Tokens generated.</param>
/// <param name="Temperature">0 for the most likely token.</param>
/// <param name="Seed">Seed of the draws.</param>
[Technique("steer", Section.Causes, "Add a contrast vector during generation and compare with the plain text",
    Topic = "addition-steering",
    Examples = "steer \"I think that you are\" --toward \"I love you\" --away-from \"I hate you\" --strength 4 --model path/to/model.gguf")]
public sealed record Steering(
    [property: Help("Text that is continued", Argument = true)] Prompt Prompt,
    [property: Help("A text with more of what is wanted; may be repeated")] IReadOnlyList<string> Toward,
    [property: Help("A text with less of it; may be repeated")] IReadOnlyList<string> AwayFrom,
    [property: Help("Block before which the vector is added (default: a third of the way up)"), Range(0, 10000)] int? Layer = null,
    [property: Help("Factor on the vector")] double Strength = 4,
    [property: Help("Tokens generated"), Range(1, 4096)] int MaxTokens = 30,
    [property: Help("0 takes the most likely token"), Range(0.0, 100.0)] double Temperature = 0,
    [property: Help("Seed of the draws")] int Seed = 0) : ITechnique<SteeringFinding>
{
    /// <inheritdoc/>
    public SteeringFinding Run(LanguageModel model, Progress progress = default)
    {
        int layer = PromptTokens.Layer(model, Layer ?? model.Config.Layers / 3);
        if (Toward.Count == 0 || AwayFrom.Count == 0)
        {
            throw CutawayException.Usage("--toward and --away-from need at least one text each");
        }

        Site site = Site.ResidPre(layer);
        double[] toward = MeanState(model, Toward, site, progress);
        double[] away = MeanState(model, AwayFrom, site, progress);
        double[] vector = [.. toward.Zip(away, (a, b) => a - b)];
        double length = Math.Sqrt(vector.Sum(value => value * value));
        if (length < 1e-9)
        {
            throw CutawayException.Input("the texts of both sides leave the model in the same state, so there is no direction to steer in; choose texts that differ in their last words");
        }

        GenerationOptions options = new() { MaxTokens = MaxTokens, Temperature = Temperature, Seed = Seed };
        Tensor direction = Tensor.Vector(vector);
        progress.Step("generating", 0, 2);
        Generation plain = model.Generate(Prompt, options, null, progress.Cancellation);
        progress.Step("generating", 1, 2);
        Generation steered = model.Generate(Prompt, options, [Add.Vector(site, direction, Strength)], progress.Cancellation);
        progress.Step("generating", 2, 2);
        return new SteeringFinding
        {
            Prompt = Prompt.Text ?? model.Tokenizer.Decode(plain.Prompt.ToArray()),
            Layer = layer,
            Strength = Strength,
            VectorLength = length,
            Vector = vector,
            Plain = plain.Text,
            Steered = steered.Text,
            PlainTokens = model.TokenTexts(plain.Ids),
            SteeredTokens = model.TokenTexts(steered.Ids),
            PlainLogProbabilities = plain.LogProbabilities,
            SteeredLogProbabilities = steered.LogProbabilities,
        };
    }

    private static double[] MeanState(LanguageModel model, IReadOnlyList<string> texts, Site site, Progress progress)
    {
        double[] mean = new double[model.Config.DModel];
        foreach (string text in texts)
        {
            TokenBatch tokens = TokenBatch.Single(model.Encode(text));
            Tensor state = model.Run(tokens, [Capture.At(site.At(-1))], LogitScope.None, progress.Cancellation)[site];
            for (int i = 0; i < mean.Length; i++)
            {
                mean[i] += state.At(i) / texts.Count;
            }
        }

        return mean;
    }
}

/// <summary>A steered text beside the plain one.</summary>
public sealed record SteeringFinding : Finding
{
    /// <summary>What was continued.</summary>
    public required string Prompt { get; init; }

    /// <summary>The block before which the vector was added.</summary>
    public required int Layer { get; init; }

    /// <summary>Factor on the vector.</summary>
    public required double Strength { get; init; }

    /// <summary>Length of the vector before the factor.</summary>
    public required double VectorLength { get; init; }

    /// <summary>The contrast vector, [d_model].</summary>
    public required IReadOnlyList<double> Vector { get; init; }

    /// <summary>The continuation without the vector.</summary>
    public required string Plain { get; init; }

    /// <summary>The continuation with it.</summary>
    public required string Steered { get; init; }

    /// <summary>Tokens of the plain text.</summary>
    public required IReadOnlyList<string> PlainTokens { get; init; }

    /// <summary>Tokens of the steered text.</summary>
    public required IReadOnlyList<string> SteeredTokens { get; init; }

    /// <summary>Log-probability of each plain token.</summary>
    public required IReadOnlyList<double> PlainLogProbabilities { get; init; }

    /// <summary>Log-probability of each steered token, as the steered model gives it.</summary>
    public required IReadOnlyList<double> SteeredLogProbabilities { get; init; }

    /// <inheritdoc/>
    public override string Headline => Plain == Steered
        ? $"Adding the vector at layer {Layer} changed nothing in the text; try a larger --strength"
        : FormattableString.Invariant($"Adding {Strength:0.##} × a contrast vector before layer {Layer} changed the text");

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new TextView("Plain", Prompt + Plain),
        new TextView("Steered", Prompt + Steered) { Caption = FormattableString.Invariant($"The vector is {VectorLength:0.0} long before the factor; it is added at every position of prompt and continuation.") },
        new TokensView("Plain, token by token", PlainTokens, PlainLogProbabilities) { Unit = "log-probability" },
        new TokensView("Steered, token by token", SteeredTokens, SteeredLogProbabilities) { Unit = "log-probability" },
    ];
}
