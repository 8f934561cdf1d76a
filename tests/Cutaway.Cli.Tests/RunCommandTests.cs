using Cutaway.Interventions;
using Cutaway.Models.Formats;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Cli.Tests;

public class RunCommandTests
{
    private static readonly int[] Ids = [0, 5, 9, 7, 5];

    [Fact]
    public void Captures_and_logits_equal_those_of_the_library()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = Cli.Run("run", "wired", "--prompt", Cli.Sentence, "--capture", "blocks.*.attn.hook_pattern", "--capture", "blocks.1.attn.hook_result", "--out", folder["run.safetensors"]);
        Assert.Equal(0, outcome.Code);

        LanguageModel model = LanguageModel.Load("wired");
        Run run = model.Run(Cli.Sentence, Capture.All(Site.AllPatterns, Site.Result(1)));
        SafetensorsFile file = SafetensorsFile.Open(folder["run.safetensors"]);
        Assert.Equal(run.Captures.Keys.Append("logits").Order(StringComparer.Ordinal), file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(run.Captures, pair => Same(pair.Value, file, pair.Key));
        Same(run.Logits, file, "logits");
        Assert.Contains($"{run.Bytes:N0} bytes", outcome.Output, StringComparison.Ordinal);
        Assert.Contains($"logits  [1, {run.Tokens.Length}, {model.Config.Vocabulary}]  float32", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_logits_are_one_position_of_each_sequence()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(0, Cli.Run("run", "--ids", string.Join(',', Ids), "--logits", "last", "--dtype", "float64", "--quiet", "--out", folder["x"]).Code);
        LanguageModel model = LanguageModel.Load("fable", DType.Float64);
        Run run = model.Run(Prompt.FromIds(Ids));
        SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Assert.Equal([1, 1, model.Config.Vocabulary], file.Tensors["logits"].Shape);
        Assert.Equal(run.LastLogits(), Values(file, "logits"));
    }

    [Fact]
    public void Sequences_of_different_lengths_are_padded_on_the_left_and_masked()
    {
        using TemporaryFolder folder = new();
        string batch = folder.Write("ids.json", "[[0, 5, 9, 7, 5], [0, 9]]");
        Outcome outcome = Cli.Run("run", "--ids-file", batch, "--logits", "last", "--capture", "hook_embed", "--dtype", "float64", "--out", folder["x"]);
        Assert.Contains("2 sequences of 5 positions, padding counted", outcome.Output, StringComparison.Ordinal);

        LanguageModel model = LanguageModel.Load("fable", DType.Float64);
        SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Assert.Equal([2, 5, model.Config.DModel], file.Tensors["hook_embed"].Shape);
        Assert.Equal([2, 1, model.Config.Vocabulary], file.Tensors["logits"].Shape);
        double[] logits = Values(file, "logits");
        Close(model.Run(Prompt.FromIds(Ids)).LastLogits(), logits[..model.Config.Vocabulary]);
        Close(model.Run(Prompt.FromIds(0, 9)).LastLogits(), logits[model.Config.Vocabulary..]);
    }

    [Fact]
    public void A_mask_says_which_tokens_are_real()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(0, Cli.Run("run", "--ids", "3,3,0,9", "--attention-mask", "0,0,1,1", "--logits", "last", "--dtype", "float64", "--out", folder["list"]).Code);
        string mask = folder.Write("mask.json", "[[0, 0, 1, 1]]");
        Assert.Equal(0, Cli.Run("run", "--ids", "3,3,0,9", "--attention-mask", mask, "--logits", "last", "--dtype", "float64", "--out", folder["file"]).Code);
        SafetensorsFile list = SafetensorsFile.Open(folder["list"]);
        SafetensorsFile file = SafetensorsFile.Open(folder["file"]);
        Close(LanguageModel.Load("fable", DType.Float64).Run(Prompt.FromIds(0, 9)).LastLogits(), Values(list, "logits"));
        Assert.Equal(Values(list, "logits"), Values(file, "logits"));
    }

    [Theory]
    [InlineData("1,1", "does not have the shape of the ids")]
    [InlineData("0,0,0", "has no 1")]
    [InlineData("1,2,1", "expected 0 and 1 only")]
    public void A_mask_that_does_not_fit_is_an_input_error(string mask, string message)
    {
        using TemporaryFolder folder = new();
        Outcome outcome = Cli.Run("run", "--ids", "0,5,9", "--attention-mask", mask, "--out", folder["x"]);
        Assert.Equal(3, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_from_a_file_changes_the_run_as_it_does_in_the_library()
    {
        using TemporaryFolder folder = new();
        Site site = new("blocks.2.attn.hook_z") { Heads = [0] };
        PlanItem[] plan = [new Scale { Site = site, Factor = 0 }];
        string file = folder.Write("plan.json", Plans.ToJson(plan));
        Assert.Equal(0, Cli.Run("run", "--prompt", Cli.Sentence, "--intervene", file, "--out", folder["x"]).Code);
        LanguageModel model = LanguageModel.Load("fable");
        SafetensorsFile written = SafetensorsFile.Open(folder["x"]);
        Same(model.Run(Cli.Sentence, plan).Logits, written, "logits");
        Assert.NotEqual(model.Run(Cli.Sentence).Logits.ToDoubles(), Values(written, "logits"));
    }

    [Fact]
    public void Any_number_of_threads_writes_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        foreach (string threads in (string[])["1", "2", "3"])
        {
            Assert.Equal(0, Cli.Run("run", "--prompt", Cli.Sentence, "--capture", "*", "--threads", threads, "--out", folder[threads]).Code);
        }

        byte[] one = File.ReadAllBytes(folder["1"]);
        Assert.Equal(one, File.ReadAllBytes(folder["2"]));
        Assert.Equal(one, File.ReadAllBytes(folder["3"]));
    }

    private static void Same(Tensor expected, SafetensorsFile file, string name)
    {
        Assert.Equal(expected.Shape.Select(extent => (long)extent), file.Tensors[name].Shape);
        Assert.Equal(expected.ToDoubles(), Values(file, name));
    }

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
    }

    private static double[] Values(SafetensorsFile file, string name) => file.Tensors[name].ToDoubles();
}
