using System.Text;

namespace Cutaway.Organisms;

/// <summary>Writes <c>wired</c>'s README from its wiring, so that the two cannot disagree.</summary>
internal static class WiredReadme
{
    /// <summary>The text.</summary>
    public static string Text()
    {
        WiredCircuit circuit = WiredCircuit.Derive();
        StringBuilder text = new();
        text.Append(
            $"""
            # wired

            A transformer of {WiredHeads.Layers} layers, {WiredHeads.HeadsPerLayer} heads each, without MLPs and norms, whose weights were not trained but set by
            code (`src/Cutaway/Organisms`; `dotnet run models/wired/recipe.cs` writes this folder again). What it does is known to the last edge:
            `circuit.json` lists every head, what it reads and writes, and every edge between heads, embeddings and logits.

            It does three things:

            * **Indirect objects.** After "When Mary and John went to the store, John gave a drink to" it says " Mary". The duplicate-token head marks
              the second "John" and where the first one stands; the S-inhibition head carries that name and place to the last word; the name mover
              attends to names except that one, and predicts the name it finds. The negative name mover speaks against it, more quietly.
            * **Induction.** After "… A B … A" it says "B", by a previous-token head and an induction head.
            * **Bigrams of kinds.** The direct path from embedding to logits knows which kind of word follows which.

            The two circuits do not meet: after "to" and "for" the induction head rests. Every text begins with `{WiredVocabulary.Start}`, which the tokenizer adds:
            heads that find nothing rest there. Words outside the vocabulary become `{WiredVocabulary.Unknown}`, which has no identity.

            ## Heads

            | Head | Role | Circuits | What it does |
            |---|---|---|---|

            """);
        foreach (CircuitHead head in circuit.Heads)
        {
            text.Append($"| {head.Node} | {head.Role} | {(head.Circuits.Count == 0 ? "idle" : string.Join(", ", head.Circuits))} | {head.Description} |\n");
        }

        text.Append(
            $"""

            ## Residual stream

            {WiredLayout.Width} coordinates, each part with one meaning:

            | Part | Coordinates | Meaning |
            |---|---|---|

            """);
        foreach (Subspace part in circuit.Subspaces)
        {
            text.Append($"| `{part.Name}` | {(part.Width == 1 ? $"{part.Start}" : $"{part.Start} to {part.Start + part.Width - 1}")} | {part.Meaning} |\n");
        }

        text.Append(
            $"""

            Identities are vectors of {IdentityCodes.Width} coordinates with products of 0 or ±1/4 between different words (0 between two names); positions are the
            hands of four clocks. Attention scores are not divided by anything (`use_attn_scale` is false).
            """);
        return text.ToString().ReplaceLineEndings("\n") + "\n";
    }
}
