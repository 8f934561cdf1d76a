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
    // A head writes of the answer if its direct part is at least this share of the whole.
    private const double WritesFrom = 0.05;

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

        // Heads that write much of the answer and have no clear role are still worth a look.
        foreach ((HeadName head, double value) in Heads(attribution).OrderByDescending(entry => Math.Abs(entry.Value)).Take(count))
        {
            if (Writes(attribution, value) && !roles.Exists(role => role.Head == $"{head}"))
            {
                (int at, double weight) = MostLookedAt(run, head);
                roles.Add(new HeadRole($"{head}", $"writes {(value > 0 ? "towards" : "against")} the answer, looking at '{attribution.Tokens[at]}'", weight, value));
            }
        }

        return roles;
    }

    // Heads that look from the end at the answer, or at its rival, and write something of the difference: name movers, and heads
    // that suppress what they look at (McDougall et al. 2023).
    private static IEnumerable<HeadRole> Movers(Run run, AttributionFinding attribution) =>
        from entry in Heads(attribution)
        orderby Math.Abs(entry.Value) descending
        let looked = MostLookedAt(run, entry.Head)
        where looked.Weight >= HeadDetectorFinding.Threshold && Writes(attribution, entry.Value)
        let token = attribution.Tokens[looked.At]
        let atAnswer = Same(token, attribution.Answer)
        where atAnswer || Same(token, attribution.Versus)
        select new HeadRole($"{entry.Head}", $"{(atAnswer == entry.Value > 0 ? "moves" : "suppresses")} '{token}', which it looks at", looked.Weight, entry.Value);

    // Heads that look from the end at a token that was said before and write next to nothing of the answer themselves: they
    // tell later heads what to leave out (S-inhibition).
    private static IEnumerable<HeadRole> LookAtRepeats(Run run, AttributionFinding attribution) =>
        from entry in Heads(attribution)
        let looked = MostLookedAt(run, entry.Head)
        let token = attribution.Tokens[looked.At]
        where looked.Weight >= HeadDetectorFinding.Threshold && looked.At < attribution.Position
            && attribution.Tokens.Take(looked.At).Any(earlier => Same(earlier, token))
            && !Same(token, attribution.Answer) && !Writes(attribution, entry.Value)
        orderby looked.Weight descending
        select new HeadRole($"{entry.Head}", $"reads the repeated '{token}' (as S-inhibition heads do)", looked.Weight, entry.Value);

    private static bool Writes(AttributionFinding attribution, double value) => Math.Abs(value) >= WritesFrom * Math.Abs(attribution.Logit);

    // The first word of a text has no space before it.
    private static bool Same(string token, string? other) => other is not null && token.Trim() == other.Trim();

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
