using System.Globalization;
using System.Text;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>What a console can show.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Colours">Whether colours may be used; nothing is told by colour alone.</param>
/// <param name="Unicode">Whether block and line characters may be used; otherwise drawings are ASCII. Texts keep their letters.</param>
public sealed record ConsoleStyle(int Width = 100, bool Colours = false, bool Unicode = true)
{
    private const string Blocks = " ▁▂▃▄▅▆▇█";
    private const string Shades = " .:-=+*%#";
    private const string Eighths = " ▏▎▍▌▋▊▉█";

    /// <summary>Columns, at least as many as a table needs to be one.</summary>
    public int Width { get; } = Math.Max(Width, 40);

    /// <summary>A character that is fuller the larger a share is.</summary>
    /// <param name="share">0 to 1; NaN is empty.</param>
    internal char Level(double share) => (Unicode ? Blocks : Shades)[double.IsNaN(share) ? 0 : (int)Math.Round(8 * Math.Clamp(share, 0, 1))];

    /// <summary>A bar that fills a share of some columns.</summary>
    internal string Bar(double share, int columns)
    {
        double length = Math.Clamp(share, 0, 1) * columns;
        if (!Unicode)
        {
            return new string('#', (int)Math.Round(length));
        }

        int eighths = (int)Math.Round(8 * length);
        string bar = new('█', eighths / 8);
        return eighths % 8 == 0 ? bar : bar + Eighths[eighths % 8];
    }

    /// <summary>A label with blanks at its ends and control characters made visible.</summary>
    internal string Label(string label) => Drawn(Labels.Visible(label));

    /// <summary>A label of exactly some columns, clipped or filled with blanks.</summary>
    internal string Fit(string label, int columns, bool right = false)
    {
        string text = Clip(Label(label), columns);
        string fill = new(' ', columns - Cells(text));
        return right ? fill + text : text + fill;
    }

    /// <summary>A text of at most some columns.</summary>
    internal string Clip(string text, int columns)
    {
        if (Cells(text) <= columns)
        {
            return text;
        }

        StringBuilder kept = new();
        int used = 0;
        TextElementEnumerator elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
        {
            string element = elements.GetTextElement();
            if (used + Cells(element) > columns - 1)
            {
                break;
            }

            kept.Append(element);
            used += Cells(element);
        }

        return kept.Append(Unicode ? '…' : '~').ToString();
    }

    /// <summary>A text of sentences: its lines stay lines, other control characters cannot reach the terminal.</summary>
    internal string Prose(string text)
    {
        StringBuilder clean = new(text.Length);
        foreach (char c in text.ReplaceLineEndings("\n"))
        {
            clean.Append(c switch
            {
                '\n' => c,
                '\t' => ' ',
                >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069' => '�',
                _ when char.IsControl(c) => '�',
                _ => c,
            });
        }

        return Drawn(clean.ToString());
    }

    /// <summary>How many columns a text takes.</summary>
    internal static int Cells(string text) => text.Length == 0 ? 0 : new Segment(text).CellCount();

    // Signs of typography have plain stand-ins; letters of any script are left alone.
    private string Drawn(string text)
    {
        if (Unicode || Ascii.IsValid(text))
        {
            return text;
        }

        StringBuilder plain = new(text.Length);
        foreach (char c in text)
        {
            plain.Append(c switch
            {
                '“' or '”' => "\"",
                '‘' or '’' => "'",
                '–' or '—' or '−' => "-",
                '…' => "...",
                '×' => "x",
                '→' => "->",
                '←' => "<-",
                '≤' => "<=",
                '≥' => ">=",
                '·' => "_",
                '↵' => "\\n",
                '⇥' => "\\t",
                '␍' => "\\r",
                '�' => "?",
                _ => c.ToString(),
            });
        }

        return plain.ToString();
    }
}
