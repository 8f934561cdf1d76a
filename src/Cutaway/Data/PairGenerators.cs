using Cutaway.Models.Tokenizers;
using Cutaway.Tensors;

namespace Cutaway.Data;

/// <summary>Prompt pairs made to order, of words that a model's tokenizer knows.</summary>
public static class PairGenerators
{
    private static readonly Dictionary<string, Func<LanguageModel, Func<SeededRandom, PromptPair?>>> ByName = new()
    {
        ["ioi"] = model => new IndirectObjectPairs(model, NameOrder.Either, NameCorruption.Swap).Draw,
        ["ioi-abc"] = model => new IndirectObjectPairs(model, NameOrder.Either, NameCorruption.Abc).Draw,
        ["ioi-random"] = model => new IndirectObjectPairs(model, NameOrder.Either, NameCorruption.Random).Draw,
        ["ioi-flipped"] = model => new IndirectObjectPairs(model, NameOrder.Either, NameCorruption.Flipped).Draw,
        ["ioi-abba"] = model => new IndirectObjectPairs(model, NameOrder.Abba, NameCorruption.Swap).Draw,
        ["ioi-baba"] = model => new IndirectObjectPairs(model, NameOrder.Baba, NameCorruption.Swap).Draw,
        ["greater-than"] = model => random => GreaterThanPairs.Draw(model, random),
        ["agreement"] = _ => random => AgreementPairs.Draw(random, attractor: true),
        ["agreement-simple"] = _ => random => AgreementPairs.Draw(random, attractor: false),
        ["colours"] = _ => ColourPairs.Draw,
    };

    /// <summary>
    /// The generators: <c>ioi</c> (the giver becomes the other person), <c>ioi-abc</c> (three other people), <c>ioi-random</c>
    /// (two other people), <c>ioi-flipped</c> (the first two names change places), <c>ioi-abba</c> and <c>ioi-baba</c> (one order
    /// of names only), <c>greater-than</c>, <c>agreement</c> (with a noun between), <c>agreement-simple</c>, <c>colours</c>.
    /// </summary>
    public static IReadOnlyList<string> Names { get; } = [.. ByName.Keys];

    /// <summary>Draws pairs.</summary>
    /// <param name="model">The model, whose tokenizer chooses among the words.</param>
    /// <param name="name">Which generator.</param>
    /// <param name="count">How many pairs.</param>
    /// <param name="seed">Draws them.</param>
    /// <exception cref="CutawayException">There is no such generator, or the tokenizer knows too few of its words.</exception>
    public static IReadOnlyList<PromptPair> Generate(LanguageModel model, string name, int count, int seed)
    {
        const int Tries = 200;
        if (!ByName.TryGetValue(name, out Func<LanguageModel, Func<SeededRandom, PromptPair?>>? make))
        {
            throw CutawayException.Usage($"no generator of pairs '{name}'{NearNames.Suggest(name, Names)}; there are {string.Join(", ", Names)}");
        }

        if (count < 1)
        {
            throw CutawayException.Usage($"--count {count}: at least one pair is needed");
        }

        Func<SeededRandom, PromptPair?> draw = make(model);
        SeededRandom random = new((ulong)(uint)seed);
        List<PromptPair> pairs = [];
        for (int tries = 0; pairs.Count < count; tries++)
        {
            if (tries == Tries * count)
            {
                throw CutawayException.Input($"'{name}' finds too few sentences whose words '{model.Name}' knows as one token each; try another generator, or give pairs of your own");
            }

            if (draw(random) is { } pair && Fits(model, pair))
            {
                pairs.Add(pair);
            }
        }

        return pairs;
    }

    /// <summary>Whether a tokenizer knows a text, such as " Mary", as one token.</summary>
    internal static bool IsToken(LanguageModel model, string text)
    {
        IReadOnlyList<Token> tokens = model.Tokenizer.Encode(text, addSpecialTokens: false);
        return tokens.Count == 1 && model.Tokenizer.TokenText(tokens[0].Id) == text;
    }

    private static bool Fits(LanguageModel model, PromptPair pair) =>
        IsToken(model, pair.Answer) && IsToken(model, pair.Versus)
        && Ids(model, pair.Clean) is { } clean && Ids(model, pair.Corrupt) is { } corrupt && clean.Length == corrupt.Length && !clean.SequenceEqual(corrupt);

    /// <summary>The ids of a prompt, or null where the tokenizer does not know its words: a small vocabulary puts one token for all that it lacks.</summary>
    private static int[]? Ids(LanguageModel model, Prompt prompt)
    {
        int[] ids = [.. model.Tokenizer.Encode(prompt.Text!, addSpecialTokens: false).Select(token => token.Id)];
        return model.Tokenizer.Decode(ids).Trim() == prompt.Text ? ids : null;
    }
}
