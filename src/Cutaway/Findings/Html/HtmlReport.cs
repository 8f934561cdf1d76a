using System.Reflection;
using System.Text;
using Cutaway.Tensors.Storage;

namespace Cutaway.Findings.Html;

/// <summary>
/// Findings as one self-contained HTML page: no network, works from a file. Without script it shows headlines, captions and tables;
/// with script, pictures that answer to mouse and keyboard.
/// </summary>
public static class HtmlReport
{
    /// <summary>Writes a page to a file, whole or not at all.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="findings">One section each, in order; a composed finding is followed by its parts.</param>
    /// <exception cref="CutawayException">The file cannot be written.</exception>
    public static void Write(string path, string title, params IReadOnlyList<Finding> findings) =>
        AtomicFile.Write(path, stream => Write(stream, title, findings));

    /// <summary>Writes a page to a stream as UTF-8.</summary>
    /// <param name="stream">Where to; stays open.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="findings">One section each, in order; a composed finding is followed by its parts.</param>
    public static void Write(Stream stream, string title, params IReadOnlyList<Finding> findings)
    {
        using StreamWriter text = new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16, leaveOpen: true);
        HtmlWriter page = new(text);
        findings = [.. findings.SelectMany(finding => finding.WithParts())];
        page.Raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
            .Raw("<meta name=\"generator\" content=\"Cutaway\">\n")
            .Element("title", title).Raw("\n<style>\n").Raw(Asset("report.css")).Raw("</style>\n</head>\n<body>\n")
            .Raw("<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n");
        Head(page, title, findings);
        if (findings.Count > 1)
        {
            page.Raw("<div class=\"with-contents\">\n");
            Contents(page, findings);
        }

        page.Raw("<main id=\"findings\">\n");
        for (int i = 0; i < findings.Count; i++)
        {
            Section(page, findings[i], i, findings.Count > 1);
        }

        page.Raw(findings.Count > 1 ? "</main>\n</div>\n" : "</main>\n");
        Foot(page, findings);
        page.Raw("<script>\n").Raw(Asset("report.js")).Raw("</script>\n</body>\n</html>\n");
    }

    private static void Head(HtmlWriter page, string title, IReadOnlyList<Finding> findings)
    {
        // The mark: a body of layers with a quarter cut away.
        page.Raw("""
            <header>
            <div class="brand">
            <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" aria-hidden="true"><path d="M12 2a10 10 0 1 0 10 10H12z"/><path d="M12 7a5 5 0 1 0 5 5"/><path d="M15 2.6A10 10 0 0 1 21.4 9" stroke-dasharray="1.6 2.4"/></svg>
            <strong>Cutaway</strong>

            """);
        string models = string.Join(", ", findings.Select(finding => finding.Provenance?.Model).OfType<string>().Distinct());
        page.Element("span", models, "model").Raw("\n</div>\n").Element("h1", title);
        if (findings.Count == 1)
        {
            page.Raw("\n</header>\n");
            return;
        }

        page.Raw("<nav class=\"summary\" aria-label=\"Summary\"><ol>\n");
        for (int i = 0; i < findings.Count; i++)
        {
            page.Raw($"<li><a href=\"#s{i + 1}\">").Element("span", NameOf(findings[i]), "kicker").Raw(" ").Element("span", findings[i].Headline).Raw("</a></li>\n");
        }

        page.Raw("</ol></nav>\n</header>\n");
    }

    private static void Contents(HtmlWriter page, IReadOnlyList<Finding> findings)
    {
        page.Raw("<nav class=\"contents\" aria-label=\"Contents\"><ol>\n");
        for (int i = 0; i < findings.Count; i++)
        {
            page.Raw($"<li><a href=\"#s{i + 1}\">").Text(NameOf(findings[i])).Raw("</a></li>\n");
        }

        page.Raw("</ol></nav>\n");
    }

    private static void Section(HtmlWriter page, Finding finding, int index, bool named)
    {
        page.Raw($"<section id=\"s{index + 1}\" aria-labelledby=\"h{index + 1}\">\n");
        if (named)
        {
            page.Element("p", NameOf(finding), "kicker").Raw("\n");
        }

        page.Raw($"<h2 id=\"h{index + 1}\">").Text(finding.Headline).Raw("</h2>\n");
        for (int i = 0; i < finding.Views.Count; i++)
        {
            HtmlFigure.Write(page, finding.Views[i], $"f{index + 1}-{i + 1}");
        }

        if (finding.Provenance is { } provenance)
        {
            HtmlProvenance.Write(page, provenance);
        }

        page.Raw("</section>\n");
    }

    private static void Foot(HtmlWriter page, IReadOnlyList<Finding> findings)
    {
        string? version = findings.Select(finding => finding.Provenance?.Version).FirstOrDefault(text => text is not null);
        page.Raw("<footer>").Element("p", $"Made with Cutaway{(version is null ? "" : " " + version)}. This page stands alone: it asks nothing of the network.")
            .Raw("</footer>\n");
    }

    private static string NameOf(Finding finding) => finding.Provenance?.Technique is { Length: > 0 } technique ? technique : "finding";

    private static string Asset(string name)
    {
        Assembly assembly = typeof(HtmlReport).Assembly;
        using StreamReader reader = new(assembly.GetManifestResourceStream("Cutaway.Html." + name)
            ?? throw new InvalidOperationException($"the resource {name} is missing"));
        return reader.ReadToEnd();
    }
}
