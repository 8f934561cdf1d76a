using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Cutaway.Findings.Html;

namespace Cutaway.Tests.Findings;

/// <summary>A report stands alone, says everything without script, and cannot be broken by what a finding holds.</summary>
public sealed class HtmlReportTests
{
    private static readonly string Text = Render();
    private static readonly IHtmlDocument Page = new HtmlParser(new HtmlParserOptions { IsStrictMode = true }).ParseDocument(Text);

    [Fact]
    public void A_report_has_a_section_for_each_finding_with_its_headline()
    {
        Assert.Equal(3, Page.QuerySelectorAll("main > section").Length);
        Assert.Equal(SampleFindings.Attribution().Headline, Page.QuerySelector("section h2")!.TextContent);
        Assert.Equal(Page.QuerySelectorAll("section h2").Select(h => h.TextContent), Page.QuerySelectorAll("nav.summary a span + span").Select(span => span.TextContent));
        Assert.Equal(Page.QuerySelectorAll("nav.contents a").Select(a => a.GetAttribute("href")), Page.QuerySelectorAll("section").Select(s => "#" + s.Id));
    }

    [Fact]
    public void A_composed_finding_is_followed_by_its_parts()
    {
        Sample inner = SampleFindings.Lens() with { Composed = [SampleFindings.Circuit()] };
        using MemoryStream stream = new();
        HtmlReport.Write(stream, "Composed", SampleFindings.Attribution() with { Composed = [inner] });
        IHtmlDocument page = new HtmlParser().ParseDocument(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
        Assert.Equal(
            [SampleFindings.Attribution().Headline, SampleFindings.Lens().Headline, SampleFindings.Circuit().Headline],
            page.QuerySelectorAll("section h2").Select(heading => heading.TextContent));
    }

    [Fact]
    public void Every_figure_has_a_caption_and_a_table_or_prose_behind_it()
    {
        foreach (IElement figure in Page.QuerySelectorAll("figure"))
        {
            Assert.NotEmpty(figure.QuerySelector("figcaption h3")!.TextContent);
            Assert.True(figure.QuerySelector("table tbody tr, p.prose") is not null, figure.Id);
        }

        Assert.All(Page.QuerySelectorAll("table tr > td:first-child"), _ => Assert.Fail("a row lacks its header"));
        Assert.All(Page.QuerySelectorAll("thead th"), th => Assert.Equal("col", th.GetAttribute("scope")));
    }

    [Fact]
    public void Nothing_is_asked_of_the_network()
    {
        Assert.Empty(Page.QuerySelectorAll("[src], link[href], img, iframe, object, embed, base"));
        Assert.All(Page.QuerySelectorAll("a[href]"), a => Assert.StartsWith("#", a.GetAttribute("href"), StringComparison.Ordinal));
        Assert.DoesNotMatch(new Regex(@"@import|url\((?!data:)", RegexOptions.IgnoreCase), Page.QuerySelector("style")!.TextContent);
        string script = Page.QuerySelectorAll("script:not([type])").Single().TextContent;
        Assert.DoesNotMatch(new Regex(@"\b(fetch|XMLHttpRequest|WebSocket|EventSource|importScripts)\s*\("), script);
    }

    [Fact]
    public void Data_stays_inside_its_element_and_is_valid_json()
    {
        foreach (IElement data in Page.QuerySelectorAll("script[type='application/json']"))
        {
            using JsonDocument view = JsonDocument.Parse(data.TextContent);
            Assert.NotEmpty(view.RootElement.GetProperty("kind").GetString()!);
            Assert.DoesNotContain('\u2028', data.TextContent);
            Assert.DoesNotContain('<', data.TextContent);
        }

        Assert.Contains(Page.QuerySelectorAll("td"), cell => cell.TextContent.StartsWith("a <b>&\"quoted\"</b> </script>", StringComparison.Ordinal));
        Assert.Empty(Page.QuerySelectorAll("td b"));
    }

    [Fact]
    public void Ids_are_unique_and_regions_are_named()
    {
        string[] ids = [.. Page.QuerySelectorAll("[id]").Select(element => element.Id!)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(Page.QuerySelectorAll("[role='group'], nav"), region => Assert.NotEmpty(region.GetAttribute("aria-label")!));
        Assert.Equal("en", Page.DocumentElement.GetAttribute("lang"));
        Assert.Single(Page.QuerySelectorAll("h1"));
        Assert.Single(Page.QuerySelectorAll("main"));
    }

    [Fact]
    public void Provenance_carries_both_ways_to_reproduce()
    {
        string[] blocks = [.. Page.QuerySelector("section .provenance")!.QuerySelectorAll("pre").Select(pre => pre.TextContent)];
        Assert.StartsWith("cutaway direct-logit-attribution \"When Mary", blocks[0], StringComparison.Ordinal);
        Assert.Contains("LanguageModel.Load(\"smollm2-135m-instruct\")", blocks[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_appears_whole_or_not_at_all()
    {
        string folder = Directory.CreateTempSubdirectory("cutaway").FullName;
        try
        {
            string path = Path.Combine(folder, "report.html");
            HtmlReport.Write(path, "One", SampleFindings.Lens());
            Assert.EndsWith("</html>\n", File.ReadAllText(path), StringComparison.Ordinal);
            Assert.Single(Directory.GetFiles(folder));
            CutawayException error = Assert.Throws<CutawayException>(() => HtmlReport.Write(Path.Combine(folder, "no", "report.html"), "One", SampleFindings.Lens()));
            Assert.Equal(FaultKind.Input, error.Kind);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Render()
    {
        using MemoryStream stream = new();
        HtmlReport.Write(stream, "When Mary and John went to the store", SampleFindings.Attribution(), SampleFindings.Lens(), SampleFindings.Circuit());
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
