using System.Text.Json;
using Cutaway.Testing;

namespace Cutaway.Cli.Tests;

public sealed class ParityCommandTests
{
    [Fact]
    public void A_model_that_agrees_shows_every_group()
    {
        Outcome outcome = Cli.Run("parity", Fixtures.Golden("architectures", "llama"));
        Assert.Equal(0, outcome.Code);
        Assert.All((string[])["llama", "plain", "padded_right", "greedy", "float64", "grad"], word => Assert.Contains(word, outcome.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("DIFFERS", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_site_that_differs_is_named_with_what_was_found_and_expected()
    {
        using TemporaryFolder folder = new();
        foreach (string file in Directory.GetFiles(Fixtures.Golden("architectures", "llama")))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        string config = File.ReadAllText(folder["config.json"]);
        File.WriteAllText(folder["config.json"], config.Replace("\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": 0.1", StringComparison.Ordinal).Replace("\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 0.1", StringComparison.Ordinal));
        Outcome outcome = Cli.Run("parity", folder[""]);
        Assert.Equal(4, outcome.Code);
        Assert.Contains("plain: first blocks.0.attn.hook_", outcome.Output + outcome.Error, StringComparison.Ordinal);
        Assert.Contains("was expected", outcome.Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(Cli.Run("parity", folder[""], "--json").Output);
        Assert.StartsWith("blocks.0.attn.hook_", document.RootElement[0].GetProperty("groups")[0].GetProperty("first").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_reference_values_says_what_is_missing()
    {
        Outcome outcome = Cli.Run("parity", Fixtures.Root);
        Assert.Equal(3, outcome.Code);
        Assert.Contains("golden.json", outcome.Error, StringComparison.Ordinal);
    }
}
