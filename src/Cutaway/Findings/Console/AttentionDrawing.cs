using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>Draws attention patterns: one row a query, one character a key, and the keys that get most.</summary>
internal static class AttentionDrawing
{
    private const int MostHeads = 4;
    private const int MostTokens = 64;
    private const int LabelWidth = 12;
    private static readonly Style Quiet = new(decoration: Decoration.Dim);

    /// <summary>The drawing.</summary>
    public static IEnumerable<IRenderable> Of(AttentionView view, ConsoleStyle style)
    {
        int count = Math.Min(view.Tokens.Count, MostTokens);
        int keys = Math.Min(count, style.Width / 2);
        foreach (AttentionHead head in view.Heads.Take(MostHeads))
        {
            yield return new Text($"head {style.Label(head.Name)}\n", new Style(decoration: Decoration.Bold));
            yield return Pattern(view, head, style, count, keys);
        }

        yield return new Text("rows: queries; columns: keys in the same order, fuller with weight; right: where most goes\n", Quiet);
        string[] left = [.. new[] { (view.Heads.Count - MostHeads, "heads"), (view.Tokens.Count - count, "queries"), (view.Tokens.Count - keys, "keys") }
            .Where(pair => pair.Item1 > 0)
            .Select(pair => $"{pair.Item1} {pair.Item2}")];
        if (left.Length > 0)
        {
            yield return new Text($"{string.Join(" and ", left)} more; --html and --json have all\n", Quiet);
        }
    }

    private static Paragraph Pattern(AttentionView view, AttentionHead head, ConsoleStyle style, int count, int keys)
    {
        ColourScale scale = ColourScale.Of([0, 1], diverging: false);
        int rest = style.Width - LabelWidth - keys - 3;
        Paragraph text = new();
        for (int q = 0; q < count; q++)
        {
            text.Append(style.Fit(view.Tokens[q], LabelWidth) + " ");
            for (int k = 0; k < keys; k++)
            {
                double weight = head.Pattern[q][k];
                bool ahead = k > q && weight == 0;
                text.Append(ahead ? " " : style.Level(scale.Share(weight)).ToString(), ahead ? Style.Plain : scale.Style(weight));
            }

            string most = string.Join("  ", ViewTable.Sources(head.Pattern[q], 2)
                .Select(k => string.Create(CultureInfo.InvariantCulture, $"{style.Label(view.Tokens[k])} {head.Pattern[q][k]:F2}")));
            text.Append("  " + style.Clip(most, rest) + "\n");
        }

        return text;
    }
}
