using Cutaway.Organisms.Fable;
using Cutaway.Tensors;

namespace Cutaway.Data;

/// <summary>From one year to a later one of its century (Hanna et al. 2023); corrupted, the earlier one ends in 01, so that any later year will do.</summary>
internal static class GreaterThanPairs
{
    /// <summary>A pair, or null where the tokenizer does not cut the years drawn into century and rest.</summary>
    public static PromptPair? Draw(LanguageModel model, SeededRandom random)
    {
        string lasting = random.Pick(YearTexts.Events);
        int century = YearTexts.FirstCentury + random.Next(YearTexts.Centuries);
        int start = 2 + random.Next(97);
        string clean = YearTexts.Prompt(lasting, century, start);
        string later = YearTexts.TwoDigits(start + 1);
        bool cut = PairGenerators.IsToken(model, YearTexts.TwoDigits(start))
            && model.Encode(clean + later).SequenceEqual([.. model.Encode(clean), model.SingleToken(later)]);
        return cut
            ? new PromptPair(clean, YearTexts.Prompt(lasting, century, 1), later, YearTexts.TwoDigits(start - 1)) { Year = start }
            : null;
    }
}
