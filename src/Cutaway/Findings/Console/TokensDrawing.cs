using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>Draws a text token by token, each over its number.</summary>
internal static class TokensDrawing
{
    private const int MostTokens = 400;
    private static readonly Style Quiet = new(decoration: Decoration.Dim);

    /// <summary>The drawing.</summary>
    public static IEnumerable<IRenderable> Of(TokensView view, ConsoleStyle style)
    {
        int count = Math.Min(view.Tokens.Count, MostTokens);
        bool valued = view.Values.Count > 0;
        ColourScale scale = ColourScale.Of(view.Values, view.Values.Any(value => value < 0) && view.Values.Any(value => value > 0));
        NumberFormat format = NumberFormat.For(view.Values);
        Paragraph text = new();
        for (int start = 0; start < count;)
        {
            start = Line(view, style, scale, valued ? format : null, text, start, count);
        }

        yield return text;
        if (view.Unit.Length > 0 && valued)
        {
            yield return new Text(style.Prose(view.Unit) + "\n", Quiet);
        }

        if (view.Tokens.Count > count)
        {
            yield return new Text($"{view.Tokens.Count - count} tokens more; --html and --json have all\n", Quiet);
        }

        if (view.Notes.Count > 0)
        {
            foreach (IRenderable part in TableDrawing.Of(ViewTable.Of(view), style))
            {
                yield return part;
            }
        }
    }

    // Writes as many tokens as fit in a line, their numbers below, and returns where the next line starts.
    private static int Line(TokensView view, ConsoleStyle style, ColourScale scale, NumberFormat? format, Paragraph text, int start, int count)
    {
        List<(string Number, int Width)> below = [];
        int used = 0;
        int at = start;
        for (; at < count; at++)
        {
            string token = style.Clip(style.Label(view.Tokens[at]), style.Width - 1);
            string number = format?.Text(view.Values[at]) ?? "";
            int width = Math.Max(ConsoleStyle.Cells(token), number.Length);
            if (used > 0 && used + width + 1 > style.Width)
            {
                break;
            }

            text.Append(token + new string(' ', width - ConsoleStyle.Cells(token)), format is null ? Style.Plain : scale.Style(view.Values[at]));
            text.Append(format is null && at + 1 < count ? (style.Unicode ? "│" : "|") : " ");
            below.Add((number, width));
            used += width + 1;
        }

        text.Append("\n");
        if (format is not null)
        {
            text.Append(string.Join(' ', below.Select(cell => cell.Number.PadRight(cell.Width))).TrimEnd() + "\n", Quiet);
        }

        return at;
    }
}
