using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>Generation from a quantised file: how fast it reads its weights, and what it allocates.</summary>
internal static class GenerationBench
{
    private const int Prompt = 16;
    private const int Tokens = 64;

    /// <summary>Prints one table.</summary>
    public static void Run(string[] args)
    {
        if (BenchModels.SmolLm2 is not { } path)
        {
            Console.WriteLine("generation skipped: set CUTAWAY_SHARED to the folder that holds models/smollm2-135m-instruct");
            return;
        }

        TransformerNetwork network = LanguageModel.Load(path).Network;
        double bandwidth = Machine.ReadGigabytes(network.Pool);
        long bytes = network.Weights.Blocks.Sum(Bytes) + Bytes(network.Weights.Unembedding);
        ForwardPass<float> pass = new(network);
        int[] prompt = BenchModels.Ids(Prompt, network.Config.Vocabulary);
        double best = double.PositiveInfinity;
        long allocated = 0;
        for (int round = 0; round < 6; round++)
        {
            KeyValueCache cache = KeyValueCache.Create<float>(network.Config, 1, Prompt + Tokens);
            pass.Run(new ForwardRequest(prompt, 1, Prompt) { Cache = cache, Logits = LogitScope.Last });
            int[] token = [0];
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            for (int i = 0; i < Tokens; i++)
            {
                token[0] = Reductions.ArgMax(pass.Logits);
                pass.Run(new ForwardRequest(token, 1, 1) { Cache = cache, Logits = LogitScope.Last });
            }

            best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds / Tokens);
            allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Tokens;
        }

        double alone = Machine.Best(new ForwardProducts(network, 1, 1).Run);
        double read = bytes / best / 1e9;
        Console.WriteLine($"generation, SmolLM2 Q4_1, {network.Pool.Threads} thread(s), greedy, {Prompt} + {Tokens} tokens");
        Console.WriteLine($"{"tokens/s",10}{"ms",7}{"products ms",13}{"weights MB",12}{"read GB/s",11}{"memory GB/s",13}{"ratio",8}{"bytes allocated a token",25}");
        Console.WriteLine($"{1 / best,10:F1}{best * 1e3,7:F2}{alone * 1e3,13:F2}{bytes / 1e6,12:F1}{read,11:F1}{bandwidth,13:F1}{read / bandwidth,8:P0}{allocated,25}");
    }

    private static long Bytes(BlockWeights block) =>
        Bytes(block.Attention.Query) + Bytes(block.Attention.Key) + Bytes(block.Attention.Value) + Bytes(block.Attention.Output)
        + Bytes(block.Mlp!.In) + Bytes(block.Mlp.Out) + (block.Mlp.Gate is { } gate ? Bytes(gate) : 0);

    private static long Bytes(LinearWeights linear) => linear.Weight.Rows * linear.Weight.Type.BytesFor(linear.Weight.Columns);
}
