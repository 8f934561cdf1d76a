using Cutaway.Models.Network;
using Cutaway.Tensors.Parallel;
using Cutaway.Training;

namespace Cutaway.Bench;

/// <summary>A training step of small language models beside its own matrix products.</summary>
internal static class TrainingBench
{
    /// <summary>Prints one row a case.</summary>
    public static void Run(string[] _)
    {
        WorkerPool pool = WorkerPool.Default;
        double peak = Machine.PeakGflops(pool);
        Console.WriteLine($"training, {pool.Threads} thread(s), peak {peak:F0} GFLOP/s; 32 sequences of 96 tokens, vocabulary 2048, all weights, AdamW");
        Console.WriteLine($"{"",-28}{"step ms",10}{"tokens/s",12}{"forward ms",12}{"loss + gradient",17}{"optimiser",11}{"products ms",13}{"share",8}{"of peak",9}{"MB",7}");
        Case("gpt2 4 layers, width 128", Shape(ModelFamily.Gpt2, 128, 512), pool, peak);
        Case("gpt2 4 layers, width 192", Shape(ModelFamily.Gpt2, 192, 768), pool, peak);
        Case("llama 4 layers, width 128", Shape(ModelFamily.Llama, 128, 384), pool, peak);
        Case("llama 4 layers, width 192", Shape(ModelFamily.Llama, 192, 512), pool, peak);
    }

    private static ModelShape Shape(ModelFamily family, int width, int neurons) =>
        new() { Family = family, Layers = 4, DModel = width, Heads = width / 32, DMlp = neurons, Context = 96 };

    private static void Case(string name, ModelShape shape, WorkerPool pool, double peak)
    {
        const int batch = 32;
        const int length = 96;
        NetworkParameters parameters = NetworkParameters.Create(ModelConfig.Network(shape, vocabulary: 2048), pool);
        new Initialisation().Fill(parameters);
        int[] ids = BenchModels.Ids(batch * length, 2048);
        TrainingPass pass = new(parameters);
        Optimiser optimiser = new(new OptimiserSettings { Rate = 1e-4 }, TrainedTensor.Of(parameters, decayAll: false));
        TrainingProducts products = new(parameters, batch, length);
        int step = 0;
        double forward = double.PositiveInfinity;
        double both = double.PositiveInfinity;
        double update = double.PositiveInfinity;
        double alone = double.PositiveInfinity;
        for (int round = 0; round < 3; round++)
        {
            forward = Math.Min(forward, Machine.Best(() => pass.Loss(ids, batch, length)));
            both = Math.Min(both, Machine.Best(() =>
            {
                parameters.ClearGradients();
                pass.Accumulate(ids, batch, length);
            }));
            update = Math.Min(update, Machine.Best(() => optimiser.Step(pool, step++, 1e-4, Math.Min(1, 1 / optimiser.GradientNorm()))));
            alone = Math.Min(alone, Machine.Best(products.Run));
        }

        double whole = both + update;
        Console.WriteLine(
            $"{name,-28}{whole * 1e3,10:F1}{batch * length / whole,12:N0}{forward * 1e3,12:F1}{both * 1e3,17:F1}{update * 1e3,11:F2}{alone * 1e3,13:F1}{alone / whole,8:P0}{products.Operations / whole / 1e9 / peak,9:P0}{pass.PeakBytes / 1e6,7:F0}");
    }
}
