namespace Cutaway.Findings.Html;

/// <summary>Where a finding's numbers come from, and the lines that get them again.</summary>
internal static class HtmlProvenance
{
    public static void Write(HtmlWriter page, Provenance provenance)
    {
        page.Raw("<details class=\"provenance\"><summary>Reproduce</summary>\n");
        Code(page, "the command line", provenance.CommandLine);
        Code(page, "the C# lines", provenance.CSharp);
        page.Raw("<dl>\n");
        Pair(page, "Model", provenance.Model);
        Pair(page, "Weights", provenance.ModelHash);
        Pair(page, "Precision", provenance.DType);
        Pair(page, "Processing", provenance.Processing.Count == 0 ? "none: raw weights" : string.Join(", ", provenance.Processing));
        if (provenance.Seed is { } seed)
        {
            Pair(page, "Seed", FormattableString.Invariant($"{seed}"));
        }

        Pair(page, "Cutaway", provenance.Version);
        page.Raw("</dl>\n</details>\n");
    }

    private static void Code(HtmlWriter page, string name, string text) =>
        page.Raw($"<div class=\"code\"><pre data-name=\"{name}\">").Text(text).Raw("</pre></div>\n");

    private static void Pair(HtmlWriter page, string term, string text)
    {
        if (text.Length > 0)
        {
            page.Element("dt", term).Element("dd", text).Raw("\n");
        }
    }
}
