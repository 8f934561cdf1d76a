using System.Text.Json;

namespace Cutaway.Cli.Tests;

public sealed class ModelCommandTests
{
    [Fact]
    public void The_first_word_alone_shows_its_commands()
    {
        Outcome outcome = Cli.Run("model");
        Assert.Equal(0, outcome.Code);
        Assert.All((string[])["model list", "model pull", "model show", "model verify", "model remove"], name => Assert.Contains(name, outcome.Output, StringComparison.Ordinal));
        Assert.Equal(outcome.Output, Cli.Run("help", "model").Output);
        Assert.Equal(outcome.Output, Cli.Run("model", "--help").Output);
    }

    [Fact]
    public void A_second_word_that_is_none_is_named_with_what_is_near()
    {
        Outcome outcome = Cli.Run("model", "pul");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("there is no command 'model pul'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("model pull", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("help", "model", "pull")]
    [InlineData("model", "pull", "--help")]
    public void A_command_of_two_words_has_its_page(params string[] words) =>
        Assert.StartsWith("cutaway model pull: ", Cli.Run(words).Output, StringComparison.Ordinal);

    [Fact]
    public void A_name_that_is_no_hub_id_is_refused_before_anything_is_asked()
    {
        Outcome outcome = Cli.Run("model", "pull", "../x");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("'../x' is no hub id", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("see cutaway model pull --help", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_cache_does_not_hold_can_be_neither_checked_nor_removed()
    {
        foreach (string command in (string[])["verify", "remove"])
        {
            Outcome outcome = Cli.Run("model", command, "nobody/no-such-model-here");
            Assert.Equal(3, outcome.Code);
            Assert.Contains("does not hold 'nobody/no-such-model-here'", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_shape_of_an_embedded_model_is_shown()
    {
        using JsonDocument document = JsonDocument.Parse(Cli.Run("model", "show", "wired", "--json").Output);
        Assert.Equal(3, document.RootElement.GetProperty("layers").GetInt32());
        Assert.Contains("architecture", Cli.Run("model", "show").Output, StringComparison.Ordinal);
    }
}
