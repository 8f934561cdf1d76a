using Cutaway.Tensors.Parallel;
using Cutaway.Training;

namespace Cutaway.Tests.Training;

public class TrainingRunTests
{
    [Theory]
    [InlineData("", "", "\"rate\": 0.01")]
    [InlineData(", \"accumulate\": 2", "", "\"kind\": \"sgd\", \"rate\": 0.5")]
    [InlineData(", \"save_every\": 2", ", \"family\": \"gpt2\"", "\"kind\": \"adam\"")]
    public void A_run_that_was_cut_and_resumed_on_another_number_of_threads_equals_one_that_was_not(string more, string model, string optimiser)
    {
        using TrainingFolder folder = new();
        Recipe recipe = folder.Recipe(more, model, optimiser);
        TrainingFinding whole = new TrainingRun(recipe, folder["whole"]) { Threads = 1 }.Run();

        TrainingRun cut = new(recipe, folder["cut"]) { Threads = 2 };
        (cut with { StopAfter = 5 }).Run();
        using CancellationTokenSource stop = new();
        TrainingRun cancelled = cut with { Resume = true, OnStep = CancelAtEight };
        void CancelAtEight(TrainingReport report)
        {
            if (report.Step == 8)
            {
                stop.Cancel();
            }
        }

        Assert.Throws<TrainingStoppedException>(() => cancelled.Run(stop.Token));
        TrainingFinding resumed = (cut with { Resume = true }).Run();

        Assert.Equal(whole.Loss, resumed.Loss);
        Assert.Equal(whole.HeldOutLoss, resumed.HeldOutLoss);
        Assert.Equal(12, resumed.Loss.Count);
        foreach (string file in (string[])["model.safetensors", "loss.csv", "config.json"])
        {
            Assert.Equal(File.ReadAllBytes(folder["whole", file]), File.ReadAllBytes(folder["cut", file]));
        }
    }

    [Fact]
    public void The_folder_opens_as_a_model_that_has_learned()
    {
        using TrainingFolder folder = new();
        Recipe recipe = folder.Recipe(", \"kept_checkpoints\": 4") with { Steps = 60 };
        TrainingFinding finding = new TrainingRun(recipe, folder["out"]).Run();
        Assert.True(finding.HeldOutLoss[^1] < 0.6 * finding.HeldOutLoss[0]);
        Assert.Equal(Math.Log(120), finding.HeldOutLoss[0], 0.1);
        Assert.Equal(["step-000000", "step-000001", "step-000008", "step-000060"], Directory.GetDirectories(folder["out", "checkpoints"]).Select(Path.GetFileName).Order());

        LanguageModel model = LanguageModel.Load(folder["out"]);
        Assert.Equal(0, model.Tokenizer.BeginOfText);
        Tensors.Tensor logits = model.Run("When Mary and John went to the", []).Logits;
        int store = model.Tokenizer.Encode(" store", addSpecialTokens: false)[0].Id;
        int last = logits.Shape[1] - 1;
        int best = Enumerable.Range(0, logits.Shape[2]).MaxBy(id => logits[0, last, id]);
        Assert.Equal(store, best);
        Assert.False(File.Exists(folder["out", "training-state.safetensors"]));
    }

    [Fact]
    public void An_edited_recipe_is_refused_on_resuming_and_the_edit_named()
    {
        using TrainingFolder folder = new();
        new TrainingRun(folder.Recipe(), folder["out"]) { StopAfter = 3 }.Run();
        Recipe edited = folder.Recipe(", \"clip\": 2.5");
        CutawayException error = Assert.Throws<CutawayException>(() => new TrainingRun(edited, folder["out"]) { Resume = true }.Run());
        Assert.Contains("'clip' was 1 and is 2.5", error.Message, StringComparison.Ordinal);

        File.AppendAllText(folder["text.txt"], "Then Mary had a drink.");
        error = Assert.Throws<CutawayException>(() => new TrainingRun(folder.Recipe(), folder["out"]) { Resume = true }.Run());
        Assert.Contains("the text that the recipe names was changed", error.Message, StringComparison.Ordinal);

        error = Assert.Throws<CutawayException>(() => new TrainingRun(edited, folder["out"]).Run());
        Assert.Contains("a run was begun in", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<CutawayException>(() => new TrainingRun(edited, folder["elsewhere"]) { Resume = true }.Run());
        Assert.Contains("no run to go on with", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_that_comes_apart_stops_and_leaves_what_was_saved()
    {
        using TrainingFolder folder = new();
        Recipe recipe = folder.Recipe(", \"save_every\": 1, \"clip\": null", "", "\"kind\": \"sgd\", \"rate\": 900");
        CutawayException error = Assert.Throws<CutawayException>(() => new TrainingRun(recipe, folder["out"]).Run());
        Assert.Matches("came apart (in|by) step [0-9]+", error.Message);
        Assert.True(File.Exists(folder["out", "training-state.safetensors"]));
    }

    [Fact]
    public void A_corpus_that_is_too_small_is_an_error_with_numbers()
    {
        using TrainingFolder folder = new();
        File.WriteAllText(folder["text.txt"], "When Mary and John went to the store.");
        CutawayException error = Assert.Throws<CutawayException>(() => new TrainingRun(folder.Recipe(), folder["out"]).Run());
        Assert.Contains("is too small: it has 10 tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("takes 151", error.Message, StringComparison.Ordinal);

        // More held-out tokens than 32 bits count.
        Recipe large = folder.Recipe() with { Length = (1 << 14) + 1, HeldOut = new HeldOut { Sequences = 1 << 18 } };
        CutawayException huge = Assert.Throws<CutawayException>(() => new TrainingRun(large, folder["out"]).Run());
        Assert.Contains("is too small", huge.Message, StringComparison.Ordinal);
        CutawayException nothing = Assert.Throws<CutawayException>(() => new TrainingRun(folder.Recipe(), folder["out"]) { StopAfter = 0 }.Run());
        Assert.Contains("after step 0", nothing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Accumulating_two_halves_of_a_batch_is_a_step_of_the_whole_batch()
    {
        using TrainingFolder folder = new();
        Recipe recipe = folder.Recipe();
        TrainingCurve whole = Steps(recipe with { Batch = 8 });
        TrainingCurve halves = Steps(recipe with { Batch = 4, Accumulate = 2 });
        for (int i = 0; i < whole.Loss.Count; i++)
        {
            Assert.Equal(whole.Loss[i], halves.Loss[i], 1e-4);
            Assert.Equal(whole.GradientNorm[i], halves.GradientNorm[i], 1e-4);
        }
    }

    // Recorded with AVX-512. Other vector widths add up in another order, and rounding grows from step to step: hence the tolerance.
    [Theory]
    [InlineData("", 4.7714, 2.6953, 1.6323)]
    [InlineData(", \"family\": \"gpt2\"", 4.7893, 2.7154, 1.8224)]
    public void A_recipe_gives_the_loss_that_was_recorded(string model, double first, double twentieth, double last)
    {
        using TrainingFolder folder = new();
        IReadOnlyList<double> loss = new TrainingRun(folder.Recipe("", model) with { Steps = 60 }, folder["out"]).Run().Loss;
        bool isSame = Math.Abs(loss[0] - first) < 0.001 && Math.Abs(loss[19] - twentieth) < 0.01 && Math.Abs(loss[59] - last) < 0.01;
        Assert.True(isSame, $"{loss[0]:0.0000}, {loss[19]:0.0000}, {loss[59]:0.0000}");
    }

    private static TrainingCurve Steps(Recipe recipe)
    {
        TrainingSession session = new(recipe, new WorkerPool(1));
        TrainingCurve curve = new();
        for (int step = 0; step < 4; step++)
        {
            session.Step(step, curve);
        }

        return curve;
    }
}
