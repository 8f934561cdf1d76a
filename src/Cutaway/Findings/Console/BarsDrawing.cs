using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>Draws bars beside their numbers, to both sides of a middle where some are negative.</summary>
internal static class BarsDrawing
{
    private const int MostBars = 40;
    private const int MostLabel = 28;
    private static readonly Style Above = new(new Color(224, 130, 20));
    private static readonly Style Below = new(new Color(64, 140, 200));

    /// <summary>The drawing.</summary>
    public static IEnumerable<IRenderable> Of(BarsView view, ConsoleStyle style)
    {
        int count = Math.Min(view.Labels.Count, MostBars);
        NumberFormat format = NumberFormat.For(view.Values);
        string[] labels = [.. view.Labels.Take(count).Select(style.Label)];
        string[] numbers = [.. view.Values.Take(count).Select(format.Text)];
        int labelWidth = Math.Min(MostLabel, labels.Select(ConsoleStyle.Cells).DefaultIfEmpty().Max());
        int numberWidth = numbers.Select(text => text.Length).DefaultIfEmpty().Max();
        double least = view.Values.Where(double.IsFinite).Append(0).Min();
        double most = view.Values.Where(double.IsFinite).Append(0).Max();
        int room = Math.Max(8, style.Width - labelWidth - numberWidth - 4);
        double unit = most > least ? room / (most - least) : 0;
        int middle = (int)Math.Round(-least * unit);
        Paragraph text = new();
        for (int i = 0; i < count; i++)
        {
            double value = double.IsFinite(view.Values[i]) ? view.Values[i] : 0;
            text.Append($"{style.Fit(view.Labels[i], labelWidth)}  {numbers[i].PadLeft(numberWidth)}  ");
            if (value < 0)
            {
                int length = (int)Math.Round(-value * unit);
                text.Append(new string(' ', Math.Max(0, middle - length)));
                text.Append(new string(style.Unicode ? '█' : '=', Math.Min(length, middle)), Below);
            }
            else
            {
                text.Append(new string(' ', middle));
                text.Append(style.Bar(room > middle ? value * unit / (room - middle) : 0, room - middle), Above);
            }

            text.Append("\n");
        }

        yield return text;
        if (view.Unit.Length > 0)
        {
            yield return new Text(style.Prose(view.Unit) + "\n", new Style(decoration: Decoration.Dim));
        }

        if (view.Labels.Count > count)
        {
            yield return TableDrawing.Note(view.Labels.Count - count, 0);
        }
    }
}
