using System.Globalization;
using Cutaway.Decoding;

namespace Cutaway.Techniques.Internals;

/// <summary>Turns what a command line says of decoding into options of a generation.</summary>
internal static class DecodingChoice
{
    /// <summary>Biases written as <c>TEXT=NUMBER</c>, each text one token.</summary>
    public static Dictionary<int, double> Biases(LanguageModel model, IReadOnlyList<string>? texts)
    {
        Dictionary<int, double> biases = [];
        foreach (string text in texts ?? [])
        {
            int split = text.LastIndexOf('=');
            if (split < 1 || !double.TryParse(text.AsSpan(split + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double bias) || !double.IsFinite(bias))
            {
                throw CutawayException.Usage($"--logit-bias '{text}': a token and a number were expected, such as ' Mary=-5'");
            }

            biases[model.SingleToken(text[..split])] = bias;
        }

        return biases;
    }

    /// <summary>Texts that must not be written, as tokens.</summary>
    public static IReadOnlyList<int[]> Banned(LanguageModel model, IReadOnlyList<string>? texts) =>
        [.. (texts ?? []).Select(text => model.Tokenizer.Encode(text, addSpecialTokens: false).Select(token => token.Id).ToArray())];

    /// <summary>What the text must match, or null.</summary>
    /// <param name="regex">A regular expression, or null.</param>
    /// <param name="grammar">The file of a grammar, or <c>json</c>, or null.</param>
    public static Constraint? Constraint(string? regex, string? grammar)
    {
        if (regex is not null && grammar is not null)
        {
            throw CutawayException.Usage("--regex and --grammar are both given; give one");
        }

        if (grammar is null or "json")
        {
            return grammar is not null ? Decoding.Constraint.Json : regex is null ? null : Decoding.Constraint.FromRegex(regex);
        }

        try
        {
            return Decoding.Constraint.FromGrammar(File.ReadAllText(grammar));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the grammar {grammar} could not be read: {fault.Message}. Give a file, or json", fault);
        }
    }

    /// <summary>DoLa with layers given as <c>low</c>, <c>high</c> or numbers joined by commas.</summary>
    public static Dola Dola(LanguageModel model, string layers) => layers switch
    {
        "high" => new() { Layers = Decoding.Dola.High(model.Config) },
        "low" => new() { Layers = Decoding.Dola.Low(model.Config, model.Network.Weights.Unembedding.Weight == model.Network.Weights.Embedding) },
        _ => new()
        {
            Layers = [.. layers.Split(',').Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
                ? layer
                : throw CutawayException.Usage($"--dola '{layers}': expected low, high, or layers such as 0,2,4"))],
        },
    };

    /// <summary>The one strategy of those given, or null.</summary>
    public static DecodingStrategy? One(params IReadOnlyList<(string Option, DecodingStrategy? Strategy)> choices)
    {
        (string Option, DecodingStrategy? Strategy)[] given = [.. choices.Where(choice => choice.Strategy is not null)];
        return given.Length <= 1
            ? given.FirstOrDefault().Strategy
            : throw CutawayException.Usage($"{string.Join(" and ", given.Select(choice => choice.Option))} are both given, and each searches in its own way; give one");
    }
}
