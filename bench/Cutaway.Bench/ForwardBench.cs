using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Sites;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>A forward pass beside its own matrix products, and what capturing every activation adds.</summary>
internal static class ForwardBench
{
    /// <summary>Prints one row a case.</summary>
    /// <param name="args">"smollm2" for that model alone.</param>
    public static void Run(string[] args)
    {
        double peak = Machine.PeakGflops(WorkerPool.Default);
        Console.WriteLine($"forward, {WorkerPool.Default.Threads} thread(s), peak {peak:F0} GFLOP/s; all logits");
        Console.WriteLine($"{"",-24}{"forward ms",12}{"products ms",13}{"ratio",8}{"of peak",9}{"run ms",10}{"captures ms",13}{"MB",7}{"cost",7}{"first ms",10}");
        if (BenchModels.SmolLm2 is not { } path)
        {
            Console.WriteLine("SmolLM2 skipped: set CUTAWAY_SHARED to the folder that holds models/smollm2-135m-instruct");
            return;
        }

        LanguageModel smol = LanguageModel.Load(path);
        LanguageModel gpt2 = smol.WithNetwork(BenchModels.Gpt2(WorkerPool.Default));
        Case("SmolLM2 1×128", smol, 1, 128, peak);
        if (args is ["smollm2"])
        {
            return;
        }

        Case("GPT-2 small 1×128", gpt2, 1, 128, peak);
        Case("GPT-2 small 8×128", gpt2, 8, 128, peak);
        Case("GPT-2 small 1×1024", gpt2, 1, 1024, peak);
    }

    private static void Case(string name, LanguageModel model, int batch, int length, double peak)
    {
        TransformerNetwork network = model.Network;
        int[] ids = BenchModels.Ids(batch * length, network.Config.Vocabulary);
        ForwardPass<float> pass = new(network);
        ForwardProducts products = new(network, batch, length);

        // In turns, so that both see the machine in the same mood.
        double forward = double.PositiveInfinity;
        double alone = double.PositiveInfinity;
        for (int round = 0; round < 3; round++)
        {
            forward = Math.Min(forward, Machine.Best(() => pass.Run(new ForwardRequest(ids, batch, length))));
            alone = Math.Min(alone, Machine.Best(products.Run));
        }

        TokenBatch tokens = TokenBatch.Pad([.. ids.Chunk(length)]);
        PlanItem[] everything = [.. network.Hooks.Points.Where(point => !point.Optional).Select(point => Capture.At(new Site(point.Name)))];
        double run = double.PositiveInfinity;
        double captured = double.PositiveInfinity;
        double first = 0;
        long bytes = 0;
        for (int round = 0; round < 12; round++)
        {
            // The system takes its time to hand out memory the first time; later runs get back what the collector has freed.
            run = Math.Min(run, Machine.Once(() => model.Run(tokens, [])));
            double time = Machine.Once(() => bytes = model.Run(tokens, everything).Bytes);
            first = round == 0 ? time : first;
            captured = Math.Min(captured, time);
        }

        Console.WriteLine(
            $"{name,-24}{forward * 1e3,12:F1}{alone * 1e3,13:F1}{alone / forward,8:P0}{products.Operations / forward / 1e9 / peak,9:P0}{run * 1e3,10:F1}{captured * 1e3,13:F1}{bytes / 1e6,7:F0}{(captured / run) - 1,7:P0}{first * 1e3,10:F0}");
    }
}
