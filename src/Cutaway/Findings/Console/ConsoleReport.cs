using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cutaway.Findings.Console;

/// <summary>Findings as text for a terminal or a file.</summary>
public static class ConsoleReport
{
    private static readonly Style Quiet = new(decoration: Decoration.Dim);

    /// <summary>Writes a finding: its headline, its views, what it is composed of in brief, and how to get it again.</summary>
    /// <param name="writer">Where to; not flushed.</param>
    /// <param name="finding">What was found.</param>
    /// <param name="style">What the place can show.</param>
    public static void Write(TextWriter writer, Finding finding, ConsoleStyle style) => Draw(writer, style, console =>
    {
        console.Write(new Text(style.Prose(finding.Headline) + "\n", new Style(decoration: Decoration.Bold)));
        foreach (View view in finding.Views)
        {
            Write(console, view, style);
        }

        foreach (Finding part in finding.WithParts().Skip(1))
        {
            WritePart(console, part, style);
        }

        if (finding.Provenance is { } provenance)
        {
            Write(console, provenance, style);
        }
    });

    /// <summary>Writes one view.</summary>
    /// <param name="writer">Where to; not flushed.</param>
    /// <param name="view">What to show.</param>
    /// <param name="style">What the place can show.</param>
    public static void Write(TextWriter writer, View view, ConsoleStyle style) => Draw(writer, style, console => Write(console, view, style));

    // Tables are drawn as full rectangles; what is only blank at the ends of lines, and more than one blank line, is left out.
    private static void Draw(TextWriter writer, ConsoleStyle style, Action<IAnsiConsole> draw)
    {
        using StringWriter drawn = new() { NewLine = "\n" };
        draw(Open(drawn, style));
        bool blank = true;
        foreach (ReadOnlySpan<char> line in drawn.ToString().AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> kept = line.TrimEnd(' ');
            if (!kept.IsEmpty || !blank)
            {
                writer.WriteLine(kept);
            }

            blank = kept.IsEmpty;
        }
    }

    // A part shows what matters most in it; the page has the rest.
    private static void WritePart(IAnsiConsole console, Finding part, ConsoleStyle style)
    {
        string name = part.Provenance?.Technique is { } technique ? technique.Replace('-', ' ') + ": " : "";
        string more = part.Views.Count switch
        {
            <= 1 => "",
            2 => "1 view more in --html\n",
            int count => $"{count - 1} views more in --html\n",
        };
        console.WriteLine();
        console.Write(new Text(new string(style.Unicode ? '─' : '-', style.Width) + "\n", Quiet));
        console.Write(new Text(style.Prose(name + part.Headline) + "\n", new Style(decoration: Decoration.Bold)));
        foreach (View view in part.Views.Take(1))
        {
            Write(console, view, style);
        }

        console.Write(new Text(more, Quiet));
    }

    private static void Write(IAnsiConsole console, View view, ConsoleStyle style)
    {
        console.WriteLine();
        console.Write(new Text(style.Prose(view.Title) + "\n", new Style(decoration: Decoration.Underline | Decoration.Bold)));
        foreach (IRenderable part in Draw(view, style))
        {
            console.Write(part);
        }

        if (view.Caption.Length > 0)
        {
            console.Write(new Text(style.Prose(view.Caption) + "\n", new Style(decoration: Decoration.Italic)));
        }
    }

    private static IEnumerable<IRenderable> Draw(View view, ConsoleStyle style) => view switch
    {
        TextView text => [new Text(style.Prose(text.Text) + "\n")],
        HeatMapView map => HeatMapDrawing.Of(map, style),
        BarsView bars => BarsDrawing.Of(bars, style),
        LinesView lines => LinesDrawing.Of(lines, style),
        ScatterView scatter => ScatterDrawing.Of(scatter, style),
        TokensView tokens => TokensDrawing.Of(tokens, style),
        AttentionView attention => AttentionDrawing.Of(attention, style),
        _ => TableDrawing.Of(ViewTable.Of(view), style),
    };

    private static void Write(IAnsiConsole console, Provenance provenance, ConsoleStyle style)
    {
        string seed = provenance.Seed is { } value ? $", seed {value}" : "";
        string processing = provenance.Processing.Count == 0 ? "" : ", " + string.Join(", ", provenance.Processing);
        console.WriteLine();
        console.Write(new Text(style.Prose($"{provenance.Model} in {provenance.DType}{processing}{seed}; Cutaway {provenance.Version}\n"), Quiet));
        Verbatim(console, "$ " + provenance.CommandLine, Quiet);
        Verbatim(console, provenance.CSharp, Quiet);
    }

    // Lines to copy are not broken: a terminal wraps them where it must, and a copy stays one line.
    private static void Verbatim(IAnsiConsole console, string text, Style style)
    {
        int width = console.Profile.Width;
        console.Profile.Width = int.MaxValue / 2;
        console.Write(new Text(text + "\n", style));
        console.Profile.Width = width;
    }

    private static IAnsiConsole Open(TextWriter writer, ConsoleStyle style)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = style.Colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = style.Colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = style.Width;
        console.Profile.Capabilities.Unicode = style.Unicode;
        return console;
    }
}
