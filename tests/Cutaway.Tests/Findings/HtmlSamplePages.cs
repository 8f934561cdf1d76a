using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Cutaway.Findings;
using Cutaway.Findings.Html;

namespace Cutaway.Tests.Findings;

/// <summary>Pages of a real size and of awkward contents. They stay beside the test assembly for <c>web/check.mjs</c> to open in a browser.</summary>
public sealed class HtmlSamplePages
{
    private static readonly HtmlParser Strict = new(new HtmlParserOptions { IsStrictMode = true });

    [Fact]
    public void A_page_with_every_pattern_of_a_small_model_stays_under_two_megabytes()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "sample-report.html");
        HtmlReport.Write(path, "When Mary and John went to the store, John gave a drink to", SampleReport.Findings());
        Assert.InRange(new FileInfo(path).Length, 500_000, 2_000_000);
        IHtmlDocument page = Strict.ParseDocument(File.ReadAllText(path));
        Assert.Equal(30 * 9, System.Text.Json.JsonDocument.Parse(page.QuerySelector("ct-attention")!.ParentElement!.QuerySelector("script")!.TextContent)
            .RootElement.GetProperty("heads").GetArrayLength());
    }

    [Fact]
    public void Hostile_text_is_text_everywhere()
    {
        string html = Write("hostile-texts.html", HostileFindings.Text, HostileFindings.Texts(), HostileFindings.Large());
        IHtmlDocument page = Strict.ParseDocument(html);
        Assert.Equal(2, page.QuerySelectorAll("section").Length);
        Assert.Equal(HostileFindings.Texts().Views.Count, page.QuerySelectorAll("section:first-of-type figure").Length);
        Assert.Single(page.QuerySelectorAll("script:not([type])"));
        Assert.All(page.QuerySelectorAll("script[type='application/json']"), data => System.Text.Json.JsonDocument.Parse(data.TextContent).Dispose());
        foreach (IElement script in page.QuerySelectorAll("script"))
        {
            script.Remove();
        }

        Assert.DoesNotContain(page.DocumentElement.OuterHtml, c => c is '\u202e' or '\u2066' || (char.IsControl(c) && c != '\n'));
    }

    [Fact]
    public void Numbers_that_are_none_are_written_as_dashes_and_infinities_as_such()
    {
        IHtmlDocument page = Strict.ParseDocument(Write("hostile-numbers.html", "Numbers", HostileFindings.Numbers()));
        Assert.Equal(["–", "inf", "−inf", "4.941e−324", ""], page.QuerySelectorAll("#f1-1 tbody td").Select(cell => cell.TextContent));
        Assert.Equal(["", "", "", "4.940656E-324", null], page.QuerySelectorAll("#f1-1 tbody td").Select(cell => cell.GetAttribute("data-value")));
        Assert.All(page.QuerySelectorAll("script[type='application/json']"), data => System.Text.Json.JsonDocument.Parse(data.TextContent).Dispose());
    }

    [Fact]
    public void Views_with_nothing_in_them_say_so()
    {
        IHtmlDocument page = Strict.ParseDocument(Write("hostile-empty.html", "Nothing", HostileFindings.Empty()));
        foreach (IElement figure in page.QuerySelectorAll("figure"))
        {
            Assert.True(figure.QuerySelector("table tbody tr, p.none, p.prose") is not null, figure.Id);
        }

        Assert.Equal(11, page.QuerySelectorAll("p.none").Length);
    }

    [Fact]
    public void A_large_heat_map_keeps_all_numbers_for_the_picture_and_its_largest_in_the_table()
    {
        IHtmlDocument page = Strict.ParseDocument(Write("hostile-large.html", "Large", HostileFindings.Large()));
        IElement figure = page.QuerySelector("#f1-1")!;
        Assert.Equal(10_000, System.Text.Json.JsonDocument.Parse(figure.QuerySelector("script")!.TextContent)
            .RootElement.GetProperty("values").EnumerateArray().Sum(row => row.GetArrayLength()));
        Assert.Equal(400, figure.QuerySelectorAll("tbody tr").Length);
        Assert.Equal("400 rows are listed; 9600 more are in the JSON.", figure.QuerySelector(".more")!.TextContent);
    }

    private static string Write(string name, string title, params Finding[] findings)
    {
        string path = Path.Combine(AppContext.BaseDirectory, name);
        HtmlReport.Write(path, title, findings);
        return File.ReadAllText(path);
    }
}
