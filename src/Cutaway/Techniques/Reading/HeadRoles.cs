using Cutaway.Analysis;
using Cutaway.Runs;

namespace Cutaway.Techniques.Reading;

/// <summary>What a head does in a text.</summary>
/// <param name="Head">The head as layer.head.</param>
/// <param name="Role">What it does, in a few words.</param>
/// <param name="Score">How clearly: the attention weight that shows it.</param>
/// <param name="Attribution">What it writes directly of the answer's logit (difference).</param>
public sealed record HeadRole(string Head, string Role, double Score, double Attribution);

/// <summary>Names what heads do, from their attention, what they write, and how they read random tokens (Wang et al. 2022; Olsson et al. 2022).</summary>
internal static class HeadRoles
{
    /// <summary>The heads of each role, clearest first.</summary>
    /// <param name="run">A run of the text that captured all patterns.</param>
    /// <param name="attribution">Its direct logit attribution.</param>
    /// <param name="detected">Scores of the heads on random tokens said twice.</param>
    /// <param name="count">Heads listed of each role.</param>
    public static List<HeadRole> Find(Run run, AttributionFinding attribution, HeadDetectorFinding detected, int count)
    {
        List<HeadRole> roles = [.. Movers(run, attribution).Take(count), .. LookAtRepeats(run, attribution).Take(count)];
        foreach (HeadScores one in detected.Patterns)
        {
            roles.AddRange(one.Best(count)
                .Where(entry => entry.Score >= HeadDetectorFinding.Threshold)
                .Select(entry => new HeadRole($"{entry.Head}", $"{one.Pattern} head", entry.Score, attribution.Heads[entry.Head.Layer][entry.Head.Head])));
        }

        // Where no role is clear, the heads that write most are still worth a look.
        foreach ((HeadName head, double value) in Heads(attribution).OrderByDescending(entry => Math.Abs(entry.Value)).Take(count))
        {
            if (!roles.Exists(role => role.Head == $"{head}"))
            {
                (int at, double weight) = MostLookedAt(run, head);
                roles.Add(new HeadRole($"{head}", $"writes {(value > 0 ? "towards" : "against")} the answer, looking at '{attribution.Tokens[at]}'", weight, value));
            }
        }

        return roles;
    }

    // Heads that look from the end at the answer's token, or at the other one, and write it: name movers and their opposites.
    private static IEnumerable<HeadRole> Movers(Run run, AttributionFinding attribution) =>
        from entry in Heads(attribution)
        orderby Math.Abs(entry.Value) descending
        let looked = MostLookedAt(run, entry.Head)
        where looked.Weight >= HeadDetectorFinding.Threshold && attribution.Tokens[looked.At] == attribution.Answer && Math.Abs(entry.Value) >= 0.02 * Math.Abs(attribution.Logit)
        select new HeadRole($"{entry.Head}", entry.Value > 0 ? $"moves the answer: looks at '{attribution.Answer}'" : $"suppresses the answer: looks at '{attribution.Answer}'", looked.Weight, entry.Value);

    // Heads that look from the end at a token that was said before: they tell later heads what to leave out (S-inhibition).
    private static IEnumerable<HeadRole> LookAtRepeats(Run run, AttributionFinding attribution) =>
        from entry in Heads(attribution)
        let looked = MostLookedAt(run, entry.Head)
        where looked.Weight >= HeadDetectorFinding.Threshold && looked.At < attribution.Position && attribution.Tokens.Take(looked.At).Contains(attribution.Tokens[looked.At])
            && attribution.Tokens[looked.At] != attribution.Answer
        orderby looked.Weight descending
        select new HeadRole($"{entry.Head}", $"reads the repeated '{attribution.Tokens[looked.At]}' (as S-inhibition heads do)", looked.Weight, entry.Value);

    private static IEnumerable<(HeadName Head, double Value)> Heads(AttributionFinding attribution) =>
        attribution.Heads.SelectMany((row, layer) => row.Select((value, head) => (new HeadName(layer, head), value)));

    private static (int At, double Weight) MostLookedAt(Run run, HeadName head)
    {
        Tensors.Tensor patterns = run[Sites.Site.Pattern(head.Layer)];
        int last = patterns.Shape[^1] - 1;
        int at = Enumerable.Range(0, last + 1).MaxBy(k => patterns[0, head.Head, last, k]);
        return (at, patterns[0, head.Head, last, at]);
    }
}
