using Cutaway.Metrics;
using Cutaway.Models.Tokenizers;
using Cutaway.Organisms.Fable;

namespace Cutaway.Data;

/// <summary>The tokens 00 to 99 that end a year, and what greater-than measures on them (Hanna et al. 2023, §2).</summary>
internal static class TwoDigitNumbers
{
    /// <summary>The probability of right answers less that of wrong ones: of later years less the others where pairs have a year, else of the two answers.</summary>
    /// <exception cref="CutawayException">The model has no tokens of two digits.</exception>
    public static ProbabilityDifference Difference(LanguageModel model, PairBatch pairs)
    {
        int[]? ids = pairs.Pairs.Any(pair => pair.Year is not null) ? Ids(model) : null;
        return new ProbabilityDifference(
            [.. pairs.Pairs.Select((pair, i) => pair.Year is int year ? ids![(year + 1)..] : [pairs.Answers[i]])],
            [.. pairs.Pairs.Select((pair, i) => pair.Year is int year ? ids![..(year + 1)] : [pairs.Versus[i]])]);
    }

    private static int[] Ids(LanguageModel model)
    {
        int[] ids = new int[100];
        for (int number = 0; number < ids.Length; number++)
        {
            IReadOnlyList<Token> tokens = model.Tokenizer.Encode(YearTexts.TwoDigits(number), addSpecialTokens: false);
            ids[number] = tokens.Count == 1
                ? tokens[0].Id
                : throw CutawayException.Input($"greater-than compares tokens of two digits, and in '{model.Name}' '{YearTexts.TwoDigits(number)}' is {tokens.Count} tokens; use a model such as fable or GPT-2, or another metric");
        }

        return ids;
    }
}
