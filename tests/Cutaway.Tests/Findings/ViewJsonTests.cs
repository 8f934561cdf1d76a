using System.Text.Json;
using Cutaway.Findings;

namespace Cutaway.Tests.Findings;

/// <summary>Views as JSON say what they are and lose nothing but digits.</summary>
public sealed class ViewJsonTests
{
    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web);

    [Fact]
    public void Every_kind_of_view_reads_back_to_the_same_json()
    {
        View[] views = [.. SampleReport.Findings().Append(SampleFindings.Circuit()).Append(HostileFindings.Large()).SelectMany(finding => finding.Views).Select(view => (View: view, Json: FindingJson.View(view)))
            .Where(pair => !pair.Json.Contains("null", StringComparison.Ordinal)).Select(pair => pair.View)];
        Assert.Equal(9, views.Select(view => view.GetType()).Distinct().Count());
        Assert.All(views, view =>
        {
            string json = FindingJson.View(view);
            Assert.Equal(json, FindingJson.View(JsonSerializer.Deserialize<View>(json, Reading)!));
        });
    }

    [Fact]
    public void Numbers_that_are_none_become_null_in_lists_and_in_cells()
    {
        using JsonDocument tokens = JsonDocument.Parse(FindingJson.View(new TokensView("t", ["a", "b", "c"], [double.NaN, double.NegativeInfinity, 0.1])));
        Assert.Equal(["null", "null", "0.1"], tokens.RootElement.GetProperty("values").EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? "null" : value.GetRawText()));
        using JsonDocument table = JsonDocument.Parse(FindingJson.View(new TableView("t", ["a", "b"], [[float.NaN, double.PositiveInfinity]])));
        Assert.All(table.RootElement.GetProperty("rows")[0].EnumerateArray(), cell => Assert.Equal(JsonValueKind.Null, cell.ValueKind));
    }
}
