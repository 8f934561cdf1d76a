using System.Text.Json;

namespace Cutaway.Cli.Tests;

public class TechniqueCommandTests
{
    [Fact]
    public void Explain_alone_shows_what_the_embedded_model_does_and_how_to_repeat_it()
    {
        Outcome outcome = Cli.Run("explain");
        Assert.Equal(0, outcome.Code);
        Assert.Empty(outcome.Error);
        Assert.Contains("' Mary'", outcome.Output.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("\n$ cutaway explain\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("LanguageModel.Load(\"fable\")", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', outcome.Output);
        Assert.All(outcome.Output.Split('\n').Where(line => !line.Contains("var ", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Json_alone_is_the_only_output()
    {
        Outcome outcome = Cli.Run("logit-lens", Cli.Sentence, "--json");
        Assert.Equal(0, outcome.Code);
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        Assert.Equal("logit-lens", document.RootElement.GetProperty("technique").GetString());
        Assert.StartsWith("cutaway logit-lens", document.RootElement.GetProperty("provenance").GetProperty("commandLine").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_are_written_beside_the_text_and_named()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = Cli.Run("explain", "--json", folder["finding.json"], "--html", folder["page.html"]);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("wrote " + folder["page.html"], outcome.Error, StringComparison.Ordinal);
        Assert.Contains("wrote " + folder["finding.json"], outcome.Error, StringComparison.Ordinal);
        Assert.Contains("$ cutaway explain", outcome.Output, StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", File.ReadAllText(folder["page.html"]), StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(folder["finding.json"]));
        Assert.Equal(["finding.json", "page.html"], folder.Files.Order());
    }

    [Fact]
    public void Plain_output_draws_with_ascii_only()
    {
        Outcome outcome = Cli.Run("explain", "--plain");
        Assert.Equal(0, outcome.Code);
        Assert.All(outcome.Output, c => Assert.True(char.IsAscii(c), $"U+{(int)c:X4}"));
    }

    [Fact]
    public void Tokenize_lists_ids_and_offsets_that_cover_the_text()
    {
        Outcome table = Cli.Run("tokenize", Cli.Sentence);
        Assert.Contains("·Mary", table.Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(Cli.Run("tokenize", "fable", Cli.Sentence, "--json").Output);
        JsonElement[] tokens = [.. document.RootElement.EnumerateArray()];
        Assert.Equal(Cli.Sentence, string.Concat(tokens.Select(token => Cli.Sentence[token.GetProperty("start").GetInt32()..token.GetProperty("end").GetInt32()])));
        Assert.Contains("ids: " + string.Join(',', tokens.Select(token => token.GetProperty("id").GetInt32())), table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Hooks_lists_every_point_of_the_model()
    {
        LanguageModel model = LanguageModel.Load("fable");
        using JsonDocument document = JsonDocument.Parse(Cli.Run("hooks", "--json").Output);
        Assert.Equal(model.Network.Hooks.Points.Select(point => point.Name), document.RootElement.EnumerateArray().Select(point => point.GetProperty("name").GetString()));
        string table = Cli.Run("hooks", "wired").Output;
        Assert.Contains("blocks.L.attn.hook_pattern", table, StringComparison.Ordinal);
        Assert.Contains("on demand", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_names_the_embedded_ones()
    {
        Assert.Contains("fable", Cli.Run("model", "list").Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(Cli.Run("model", "list", "--json").Output);
        Assert.Equal(["fable", "wired"], document.RootElement.EnumerateArray().Select(model => model.GetProperty("name").GetString()));
    }
}
