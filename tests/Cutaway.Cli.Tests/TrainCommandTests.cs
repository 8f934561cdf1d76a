using Cutaway.Testing;

namespace Cutaway.Cli.Tests;

public class TrainCommandTests
{
    private const string Recipe = """
        {
          "name": "small",
          "model": { "layers": 1, "d_model": 8, "heads": 2, "d_mlp": 8, "context": 16 },
          "tokenizer": { "file": "tokenizer.json", "begin_of_text": "<bos>" },
          "corpus": { "file": "text.txt" },
          "batch": 2, "length": 8, "steps": 4,
          "held_out": { "sequences": 2, "every": 2 }
        }
        """;

    [Fact]
    public void Training_leaves_a_model_a_curve_and_a_page_and_can_be_stopped_and_resumed()
    {
        using TemporaryFolder folder = Prepared();
        Outcome outcome = Cli.Run("train", folder["recipe.json"], "--out", folder["out"], "--steps", "2");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("small after 2 of 4 steps", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("step 2 of 2, loss", outcome.Error, StringComparison.Ordinal);

        outcome = Cli.Run("train", folder["recipe.json"], "--out", folder["out"], "--resume", "--html", folder["page.html"], "--json", "--quiet");
        Assert.Equal(0, outcome.Code);
        Assert.Empty(outcome.Error);
        Assert.Contains("\"steps\": 4", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(5 + 1, File.ReadAllLines(Path.Combine(folder["out"], "loss.csv")).Length);
        Assert.Contains("Training loss", File.ReadAllText(folder["page.html"]), StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run("generate", "When Mary", "--max-tokens", "2", "--model", folder["out"]).Code);
    }

    [Fact]
    public void A_dry_run_says_what_training_takes_and_writes_nothing()
    {
        using TemporaryFolder folder = Prepared();
        string[] before = [.. folder.Files.Order()];
        Outcome outcome = Cli.Run("train", folder["recipe.json"], "--dry-run", "--out", folder["out"]);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("numbers trained", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(before, folder.Files.Order());
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public void A_cancelled_run_ends_with_130_and_says_how_to_go_on()
    {
        using TemporaryFolder folder = Prepared();
        Outcome outcome = Cli.Run(new CancellationToken(canceled: true), "train", folder["recipe.json"], "--out", folder["out"]);
        Assert.Equal(130, outcome.Code);
        Assert.Contains("stopped after step 1 of 4; go on with --resume", outcome.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder["out"], "training-state.safetensors")));
    }

    [Fact]
    public void A_mistake_in_a_recipe_ends_with_3_and_names_the_key()
    {
        using TemporaryFolder folder = Prepared();
        folder.Write("recipe.json", Recipe.Replace("\"steps\"", "\"step\"", StringComparison.Ordinal));
        Outcome outcome = Cli.Run("train", folder["recipe.json"]);
        Assert.Equal(3, outcome.Code);
        Assert.Contains("there is no key 'step'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("did you mean 'steps'", outcome.Error, StringComparison.Ordinal);
    }

    private static TemporaryFolder Prepared()
    {
        TemporaryFolder folder = new();
        folder.Write("recipe.json", Recipe);
        folder.Write("text.txt", string.Join("\n\n", Enumerable.Repeat("When Mary and John went to the store, John gave a drink to Mary.", 8)));
        File.Copy(Path.Combine(Fixtures.Root, "models", "wired", "tokenizer.json"), folder["tokenizer.json"]);
        return folder;
    }
}
