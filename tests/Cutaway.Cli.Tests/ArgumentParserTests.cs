using Cutaway.Cli.Parsing;

namespace Cutaway.Cli.Tests;

public class ArgumentParserTests
{
    private static readonly Command Example = new("example", "", "", [
        new Parameter("prompt", "TEXT", "the text") { IsArgument = true },
        new Parameter("top", "N", "how many"),
        new Parameter("word", "TEXT", "a word") { IsRepeatable = true },
        new Parameter("all", "", "everything"),
        new Parameter("json", "[FILE.json]", "a file") { Alone = "-", Ending = ".json" },
    ], _ => { });

    [Theory]
    [InlineData("a prompt", "a prompt")]
    [InlineData("@file", "@file")]
    [InlineData("[diagram]", "[diagram]")]
    [InlineData("/?", "/?")]
    [InlineData("-5 degrees", "-5 degrees")]
    [InlineData("a=b: c", "a=b: c")]
    [InlineData("", "")]
    public void A_prompt_is_any_text_without_a_leading_dash(string word, string expected) => Assert.Equal(expected, Parse(word)["prompt"].Single());

    [Fact]
    public void After_two_dashes_every_word_is_an_argument() => Assert.Equal("--top", Parse("--", "--top")["prompt"].Single());

    [Fact]
    public void A_value_follows_its_option_or_is_joined_to_it()
    {
        Assert.Equal("3", Parse("--top", "3", "x")["top"].Single());
        Assert.Equal("3", Parse("x", "--top=3")["top"].Single());
        Assert.Equal("-3", Parse("--top", "-3")["top"].Single());
        Assert.Equal("a=b", Parse("--word=a=b")["word"].Single());
        Assert.Equal("-x y", Parse("--word", "-x y")["word"].Single());
    }

    [Fact]
    public void A_repeatable_option_keeps_every_value_in_order() => Assert.Equal(["b", "a"], Parse("--word", "b", "--word=a")["word"]);

    [Fact]
    public void Json_alone_does_not_take_the_prompt_for_a_file()
    {
        Dictionary<string, IReadOnlyList<string>> values = Parse("--json", "a prompt");
        Assert.Equal("-", values["json"].Single());
        Assert.Equal("a prompt", values["prompt"].Single());
        Assert.Equal("out.json", Parse("--json", "out.json", "a prompt")["json"].Single());
        Assert.Equal("out", Parse("--json=out", "a prompt")["json"].Single());
    }

    [Theory]
    [InlineData("has no option '--tpo'; did you mean '--top'", "--tpo", "3", "x")]
    [InlineData("looks like an option", "-t")]
    [InlineData("--top needs a value", "--top")]
    [InlineData("--top needs a value", "--top", "--all")]
    [InlineData("given twice", "--top", "3", "--top", "4")]
    [InlineData("takes no value", "--all=yes")]
    [InlineData("one argument too many", "two", "words")]
    public void A_mistake_is_named(string message, params string[] words)
    {
        CutawayException error = Assert.Throws<CutawayException>(() => Parse(words));
        Assert.Equal(FaultKind.Usage, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, IReadOnlyList<string>> Parse(params string[] words) => ArgumentParser.Parse(Example, words);
}
