using Cutaway.Cli.Output;

namespace Cutaway.Cli.Tests;

public class ExitCodeTests
{
    [Theory]
    [InlineData(2, "did you mean 'logit-lens'", "logit-lans", "x")]
    [InlineData(2, "did you mean '--top'", "logit-lens", "x", "--tpo", "3")]
    [InlineData(2, "--top: 'many' is not a whole number", "logit-lens", "x", "--top", "many")]
    [InlineData(2, "out of range; expected 1 to", "logit-lens", "x", "--top", "0")]
    [InlineData(2, "is not one of float32, float64", "logit-lens", "x", "--dtype", "int8")]
    [InlineData(2, "is not a whole number from 1 up", "logit-lens", "x", "--threads", "0")]
    [InlineData(2, "stands before the command", "--model", "wired", "logit-lens")]
    [InlineData(2, "nothing to run", "run", "--out", "x")]
    [InlineData(2, "both say what to run", "run", "--out", "x", "--ids", "1", "--prompt", "a")]
    [InlineData(2, "--out is missing", "run", "--ids", "1")]
    [InlineData(2, "nothing to write", "run", "--ids", "1", "--logits", "none", "--out", "x")]
    [InlineData(2, "two models are named", "run", "wired", "--model", "wired", "--ids", "1", "--out", "x")]
    [InlineData(2, "no hook point 'blocks.0.hook_resid_pro'", "run", "--ids", "1", "--capture", "blocks.0.hook_resid_pro", "--out", "x")]
    [InlineData(3, "there is no model 'wierd'; did you mean 'wired'", "hooks", "wierd")]
    [InlineData(3, "does not exist", "run", "--ids", "1", "--out", "/no/such/folder/x")]
    [InlineData(3, "is a folder", "run", "--ids", "1", "--out", "/")]
    [InlineData(3, "outside the vocabulary", "run", "--ids", "99999999", "--out", "x")]
    [InlineData(3, "'b' is not a whole number", "run", "--ids", "1,b", "--out", "x")]
    [InlineData(3, "cannot be read", "run", "--ids-file", "/no/such/file.json", "--out", "x")]
    [InlineData(3, "empty", "run", "--prompt", "", "--out", "x", "--model", "wired")]
    public void A_mistake_ends_with_its_code_and_one_or_two_lines(int code, string message, params string[] args)
    {
        Outcome outcome = Cli.Run(args);
        Assert.Equal(code, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: ", outcome.Error, StringComparison.Ordinal);
        Assert.InRange(outcome.Error.TrimEnd().Split('\n').Length, 1, 2);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
        Assert.False(File.Exists("x"));
    }

    [Fact]
    public void A_broken_model_ends_with_4()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("broken.gguf", "this is no model");
        Outcome outcome = Cli.Run("run", file, "--ids", "1", "--out", folder["x"]);
        Assert.Equal(4, outcome.Code);
        Assert.Contains("broken.gguf", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(["broken.gguf"], folder.Files);
    }

    [Fact]
    public void Debug_shows_the_stack_and_keeps_the_code()
    {
        Outcome outcome = Cli.Run("hooks", "wierd", "--debug");
        Assert.Equal(3, outcome.Code);
        Assert.Contains("   at Cutaway.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_command_ends_with_130_and_writes_nothing()
    {
        using TemporaryFolder folder = new();
        foreach (string[] args in (string[][])
        [
            ["run", "--prompt", Cli.Sentence, "--out", folder["run.safetensors"]],
            ["explain", "--html", folder["page.html"], "--json=" + folder["finding.json"]],
        ])
        {
            Outcome outcome = Cli.Run(new CancellationToken(canceled: true), args);
            Assert.Equal(130, outcome.Code);
            Assert.Equal("cancelled; nothing was written\n", outcome.Error.ReplaceLineEndings("\n"));
            Assert.Empty(outcome.Output);
        }

        Assert.Empty(folder.Files);
    }

    [SkippableFact]
    public void A_full_disk_is_an_error_of_one_line()
    {
        Skip.IfNot(File.Exists("/dev/full"), "needs /dev/full");
        using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        using StringWriter error = new();
        Assert.Equal(3, CommandLine.Run(["--help"], new Terminal(full, error), default));
        Assert.Single(error.ToString().TrimEnd().Split('\n'));

        Outcome outcome = Cli.Run("run", "--ids", "1,2,3", "--out", "/dev/full");
        Assert.Equal(3, outcome.Code);
        Assert.Contains("cannot write /dev/full", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_that_is_no_plan_is_an_input_error()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = Cli.Run("run", "--ids", "1", "--intervene", folder.Write("plan.json", "[{\"kind\": \"explode\"}]"), "--out", folder["x"]);
        Assert.Equal(3, outcome.Code);
        Assert.Contains("is not a plan", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"ids\": [1]}")]
    [InlineData("[1, 2")]
    [InlineData("[[1], 2]")]
    [InlineData("[1, 2.5]")]
    [InlineData("[[1, 2], []]")]
    public void A_file_of_ids_that_is_none_is_an_input_error(string json)
    {
        using TemporaryFolder folder = new();
        Outcome outcome = Cli.Run("run", "--ids-file", folder.Write("ids.json", json), "--out", folder["x"]);
        Assert.Equal(3, outcome.Code);
        Assert.InRange(outcome.Error.TrimEnd().Split('\n').Length, 1, 2);
        Assert.Equal(["ids.json"], folder.Files);
    }
}
