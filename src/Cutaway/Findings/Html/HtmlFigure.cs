namespace Cutaway.Findings.Html;

/// <summary>One view as a figure: caption, a place for the picture, the table behind it, and the data that the picture is drawn from.</summary>
internal static class HtmlFigure
{
    public static void Write(HtmlWriter page, View view, string id)
    {
        page.Raw($"<figure id=\"{id}\">\n<figcaption>").Element("h3", view.Title);
        if (view.Caption.Length > 0)
        {
            page.Element("p", view.Caption);
        }

        page.Raw("</figcaption>\n");
        if (view is TextView prose)
        {
            page.Element("p", prose.Text, "prose").Raw("\n</figure>\n");
            return;
        }

        ViewTable table = ViewTable.Of(view);
        if (table.Rows.Count == 0)
        {
            page.Element("p", "Nothing to show.", "none").Raw("\n</figure>\n");
            return;
        }

        if (view is TableView)
        {
            page.Raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"").Text(view.Title).Raw("\">");
            HtmlTable.Write(page, table);
            page.Raw("</div>\n");
        }
        else
        {
            // Open for those who read without script, which folds it behind the picture.
            page.Raw($"<{ElementOf(view)} class=\"view\"></{ElementOf(view)}>\n")
                .Raw("<details class=\"data\" open><summary>Table</summary><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table of ")
                .Text(view.Title).Raw("\">");
            HtmlTable.Write(page, table);
            page.Raw("</div></details>\n");
        }

        page.Raw("<script type=\"application/json\">").Raw(FindingJson.View(view)).Raw("</script>\n</figure>\n");
    }

    private static string ElementOf(View view) => view switch
    {
        HeatMapView => "ct-heatmap",
        TokensView => "ct-tokens",
        AttentionView => "ct-attention",
        GraphView => "ct-graph",
        BarsView or LinesView or ScatterView => "ct-chart",
        _ => throw new NotSupportedException($"no page element for {view.GetType().Name}"),
    };
}
