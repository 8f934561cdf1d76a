using Cutaway.Organisms.Fable;
using Cutaway.Tensors;

namespace Cutaway.Data;

/// <summary>Subjects that their verb must agree with (Linzen et al. 2016; Marks et al. 2024); corrupted, the subject has the other number.</summary>
internal static class AgreementPairs
{
    /// <summary>A pair.</summary>
    /// <param name="random">Draws the words.</param>
    /// <param name="attractor">Whether another noun, of either number, stands between subject and verb.</param>
    public static PromptPair Draw(SeededRandom random, bool attractor)
    {
        (string singular, string plural) = random.Pick(AgreementTexts.Subjects);
        (string one, string many, _) = random.Pick(AgreementTexts.Verbs);
        (string Singular, string Plural) other = random.Pick(AgreementTexts.Others);
        string between = attractor ? $" {random.Pick(AgreementTexts.Prepositions)} the {(random.Next(2) == 0 ? other.Singular : other.Plural)}" : "";
        PromptPair pair = new($"The {singular}{between}", $"The {plural}{between}", $" {one}", $" {many}");
        return random.Next(2) == 0 ? pair : new(pair.Corrupt, pair.Clean, pair.Versus, pair.Answer);
    }
}
