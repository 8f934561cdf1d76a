using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>Mixtures of experts: the time of a step follows how many are chosen, not how many there are.</summary>
internal static unsafe class MixturesBench
{
    private const int Width = 512;
    private const int Layers = 4;
    private const int Vocabulary = 1000;
    private const int Length = 256;
    private const int Rounds = 12;

    private static readonly (int Count, int Chosen)[] Cases = [(0, 2), (4, 2), (16, 2), (32, 2), (32, 4), (32, 8), (0, 8)];

    /// <summary>Prints one row a network.</summary>
    public static void Run(string[] args)
    {
        Console.WriteLine($"mixtures of experts, {Layers} layers, d_model {Width}, experts of {Width} neurons, {WorkerPool.Default.Threads} thread(s), {Rounds} alternating runs");
        Console.WriteLine($"{"",-28}{"all MB",8}{$"1×{Length} ms",11}{"GFLOP/s",9}{"a token ms",12}{"MLP MB a token",16}");
        ForwardPass<float>[] passes = [.. Cases.Select(entry => new ForwardPass<float>(Create(entry.Count, entry.Chosen)))];
        double[] prompt = [.. passes.Select(_ => double.PositiveInfinity)];
        double[] token = [.. prompt];
        double[] work = new double[passes.Length];

        // In turns, so that all see the machine in the same mood; the first is for the compiler.
        for (int round = -1; round < Rounds; round++)
        {
            for (int i = 0; i < passes.Length; i++)
            {
                Time(passes[i], round, ref prompt[i], ref token[i], out work[i]);
            }
        }

        for (int i = 0; i < passes.Length; i++)
        {
            (int count, int chosen) = Cases[i];
            string name = count == 0 ? $"one MLP, {chosen} as wide" : $"{chosen} of {count} experts";
            double expert = Layers * 3.0 * Width * Width * sizeof(float) / 1e6;
            Console.WriteLine($"{name,-28}{Math.Max(count, count == 0 ? chosen : 0) * expert,8:F0}{prompt[i] * 1e3,11:F1}{2 * work[i] / prompt[i] / 1e9,9:F0}{token[i] * 1e3,12:F2}{chosen * expert,16:F1}");
        }
    }

    private static void Time(ForwardPass<float> pass, int round, ref double prompt, ref double token, out double work)
    {
        int[] ids = BenchModels.Ids(Length + 8, Vocabulary);
        KeyValueCache cache = KeyValueCache.Create<float>(pass.Network.Config, 1, ids.Length);
        long before = pass.MultiplyAdds;
        double whole = Machine.Once(() => pass.Run(new ForwardRequest(ids.AsMemory(0, Length), 1, Length) { Cache = cache, Logits = LogitScope.Last }));
        work = pass.MultiplyAdds - before;
        double each = Enumerable.Range(Length, 8).Average(i => Machine.Once(() => pass.Run(new ForwardRequest(ids.AsMemory(i, 1), 1, 1) { Cache = cache, Logits = LogitScope.Last })));
        if (round >= 0)
        {
            (prompt, token) = (Math.Min(prompt, whole), Math.Min(token, each));
        }
    }

    private static TransformerNetwork Create(int count, int chosen)
    {
        const int heads = 8;
        NetworkConfig config = new()
        {
            Architecture = "mixture",
            Layers = Layers,
            DModel = Width,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = Width / heads,
            DMlp = chosen * Width,
            Vocabulary = Vocabulary,
            Context = 2 * Length,
            Norm = NormKind.Rms,
            Positions = PositionKind.None,
            Activation = ActivationKind.Silu,
            GatedMlp = true,
            LayerConfigs = [.. Enumerable.Repeat(Layer(), Layers)],
        };
        return new TransformerNetwork(config, NetworkWeights.Empty(config).Replace(Random, vector => new WeightVector([.. Enumerable.Repeat(1.0, vector.Length)])));

        LayerConfig Layer() => new()
        {
            AttentionScale = 0.125,
            Experts = count == 0 ? null : new ExpertConfig(count, chosen, Width, new ExpertRouting(ExpertScoring.Softmax, Renormalize: true)),
        };

        static WeightMatrix Random(WeightMatrix shape)
        {
            NativeBuffer<float> values = BenchModels.Values(shape.Rows * shape.Columns);
            return WeightMatrix.FromMemory(values, (byte*)values.Pointer, ElementType.Float32, shape.Rows, shape.Columns);
        }
    }
}
