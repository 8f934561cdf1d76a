using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Cutaway.Findings.Html;

/// <summary>Writes HTML: what comes from a finding goes through <see cref="Text"/>, which makes it harmless.</summary>
internal sealed class HtmlWriter(TextWriter writer)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>Markup as it is.</summary>
    public HtmlWriter Raw(string markup)
    {
        writer.Write(markup);
        return this;
    }

    /// <summary>Text, escaped for content and for quoted attributes.</summary>
    public HtmlWriter Text(string text)
    {
        writer.Write(Encoder.Encode(Labels.Printable(text)));
        return this;
    }

    /// <summary>An element with a text and, where one is given, a class.</summary>
    public HtmlWriter Element(string name, string text, string? cssClass = null) =>
        Raw(cssClass is null ? $"<{name}>" : $"<{name} class=\"{cssClass}\">").Text(text).Raw($"</{name}>");
}
