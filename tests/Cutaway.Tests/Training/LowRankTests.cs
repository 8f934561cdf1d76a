using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Parallel;
using Cutaway.Training;

namespace Cutaway.Tests.Training;

public class LowRankTests
{
    [Theory]
    [InlineData("llama", "self_attn.v_proj.weight|mlp.down_proj.weight")]
    [InlineData("gpt2", "attn.c_attn.weight|mlp.c_proj.weight")]
    public void Only_the_chosen_maps_change_and_the_loss_goes_down(string family, string changes)
    {
        using TrainingFolder folder = new();
        new TrainingRun(folder.Recipe(", \"precision\": \"float32\", \"initialisation\": {\"deviation\": 0.3}", $", \"family\": \"{family}\""), folder["base"]).Run();
        byte[] before = File.ReadAllBytes(folder["base", "model.safetensors"]);
        TrainingRun run = new(folder.Adapting(", \"precision\": \"float32\", \"low_rank\": {\"base\": \"base\", \"rank\": 4, \"maps\": [\"attn.W_V\", \"mlp.W_out\"]}") with { Steps = 40 }, folder["adapted"]);
        TrainingFinding finding = run.Run();

        Assert.Equal(before, File.ReadAllBytes(folder["base", "model.safetensors"]));
        Assert.True(finding.HeldOutLoss[^1] < finding.HeldOutLoss[0] - 0.05, $"{finding.HeldOutLoss[0]} to {finding.HeldOutLoss[^1]}");
        Assert.Equal(2 * 4 * (16 + 16 + 16 + 32), finding.Parameters);
        SafetensorsFile old = SafetensorsFile.Open(folder["base", "model.safetensors"]);
        SafetensorsFile adapted = SafetensorsFile.Open(folder["adapted", "model.safetensors"]);
        Assert.Equal(old.Tensors.Keys.Order(), adapted.Tensors.Keys.Order());
        foreach ((string name, StoredTensor tensor) in old.Tensors)
        {
            bool isChosen = changes.Split('|').Any(change => name.EndsWith(change, StringComparison.Ordinal));
            Assert.Equal(!isChosen, tensor.ToDoubles().SequenceEqual(adapted.Tensors[name].ToDoubles()));
        }
    }

    [Fact]
    public void A_resumed_run_of_adapters_equals_one_that_was_not_cut()
    {
        using TrainingFolder folder = new();
        new TrainingRun(folder.Recipe(), folder["base"]).Run();
        Recipe recipe = folder.Adapting(", \"low_rank\": {\"base\": \"base\", \"rank\": 2}");
        TrainingFinding whole = new TrainingRun(recipe, folder["whole"]).Run();
        (new TrainingRun(recipe, folder["cut"]) with { StopAfter = 5 }).Run();
        TrainingFinding resumed = (new TrainingRun(recipe, folder["cut"]) with { Resume = true }).Run();
        Assert.Equal(whole.Loss, resumed.Loss);
        Assert.Equal(File.ReadAllBytes(folder["whole", "model.safetensors"]), File.ReadAllBytes(folder["cut", "model.safetensors"]));
    }

    // dA and dB against the change of the loss as A or B moves along them.
    [Fact]
    public void The_loss_changes_along_an_adapters_gradient_by_the_gradients_length()
    {
        ModelShape shape = new() { Layers = 1, DModel = 12, Heads = 2, DMlp = 16, Context = 10 };
        NetworkParameters parameters = NetworkParameters.Create(ModelConfig.Network(shape, 30));
        new Initialisation { Deviation = 0.5 }.Fill(parameters);
        LowRankAdapters adapters = new(new LowRank { Base = "", Rank = 3, Maps = ["mlp.W_in"] }, 1, parameters, WorkerPool.Default);
        foreach (ref float value in adapters.Tensors[1].Values)
        {
            value = 0.1f;
        }

        int[] ids = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 30)];
        TrainingPass pass = new(parameters);
        adapters.Merge();
        pass.Accumulate(ids, 4, 10);
        adapters.Project();
        foreach (TrainedTensor tensor in adapters.Tensors)
        {
            float[] gradient = tensor.Gradient.ToArray();
            double length = Math.Sqrt(gradient.Sum(value => (double)value * value));
            const double step = 0.003;
            double slope = (Moved(step) - Moved(-step)) / (2 * step);
            Assert.True(Math.Abs(slope - length) < 0.03 * length, $"{tensor.Name}: {slope} along a gradient {length} long");

            double Moved(double distance)
            {
                float[] before = tensor.Values.ToArray();
                for (int i = 0; i < before.Length; i++)
                {
                    tensor.Values[i] += (float)(distance * gradient[i] / length);
                }

                adapters.Merge();
                double loss = pass.Loss(ids, 4, 10);
                before.CopyTo(tensor.Values);
                return loss;
            }
        }
    }

    [Fact]
    public void A_map_that_is_not_there_is_named()
    {
        using TrainingFolder folder = new();
        new TrainingRun(folder.Recipe(), folder["base"]) { StopAfter = 1 }.Run();
        Recipe recipe = folder.Adapting(", \"low_rank\": {\"base\": \"base\", \"maps\": [\"attn.W_q\"]}");
        CutawayException error = Assert.Throws<CutawayException>(() => new TrainingRun(recipe, folder["out"]).Run());
        Assert.Contains("names 'attn.W_q', which the blocks do not have; did you mean 'attn.W_Q'", error.Message, StringComparison.Ordinal);
    }
}
