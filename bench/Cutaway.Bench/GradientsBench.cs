using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>What gradients cost beside the forward pass that they are taken through.</summary>
internal static class GradientsBench
{
    /// <summary>Prints one row a case.</summary>
    public static void Run(string[] args)
    {
        _ = args;
        Console.WriteLine($"gradients, {WorkerPool.Default.Threads} thread(s); backward over forward, where forward computes the same logits and records nothing");
        Console.WriteLine($"{"",-44}{"forward ms",12}{"recorded ms",13}{"backward ms",13}{"ratio",8}{"tape MB",9}{"products",10}");
        TransformerNetwork gpt2 = BenchModels.Gpt2(WorkerPool.Default);
        Activations("GPT-2 small 8×15, to the embedding", gpt2, 8, 15);
        Activations("GPT-2 small 8×128, to the embedding", gpt2, 8, 128);
        Training("GPT-2 small 8×15, a training step", NetworkParameters.From(gpt2), 8, 15);
        Training("4 layers of 128, vocabulary 2048, 32×96", Small(), 32, 96);
    }

    // A metric of the last logits, and the gradients of all activations on the way to the embedding.
    private static void Activations(string name, TransformerNetwork network, int batch, int length)
    {
        int[] ids = BenchModels.Ids(batch * length, network.Config.Vocabulary);
        ForwardRequest request = new(ids, batch, length) { Logits = LogitScope.Last };
        ForwardPass<float> pass = new(network);
        Tape<float> tape = new();
        EmbeddingGradient listener = new(network.Hooks);
        double forward = double.PositiveInfinity;
        double recorded = double.PositiveInfinity;
        double backward = double.PositiveInfinity;
        for (int round = 0; round < 12; round++)
        {
            forward = Math.Min(forward, Machine.Once(() => pass.Run(request)));
            recorded = Math.Min(recorded, Machine.Once(() => pass.Record(request, tape, listener)));
            Span<float> gradient = pass.LogitsGradient;
            gradient.Clear();
            gradient[1] = 1;
            backward = Math.Min(backward, Machine.Once(() => pass.Backward()));
        }

        Print(name, forward, recorded, backward, tape.PeakBytes, double.NaN);
    }

    // Everything that a step does before the optimiser; part of the way back happens while the loss is computed.
    private static void Training(string name, NetworkParameters parameters, int batch, int length)
    {
        int[] ids = BenchModels.Ids(batch * length, parameters.Network.Config.Vocabulary);
        ForwardPass<float> pass = new(parameters.Network);
        TrainingPass training = new(parameters);
        TrainingProducts products = new(parameters.Network, batch, length);
        double forward = double.PositiveInfinity;
        double step = double.PositiveInfinity;
        double alone = double.PositiveInfinity;
        for (int round = 0; round < 8; round++)
        {
            forward = Math.Min(forward, Machine.Once(() => pass.Run(new ForwardRequest(ids, batch, length))));
            step = Math.Min(step, Machine.Once(() => training.Accumulate(ids, batch, length)));
            alone = Math.Min(alone, Machine.Once(products.Run));
        }

        Print(name, forward, step, step - forward, training.PeakBytes, alone / step);
    }

    private static void Print(string name, double forward, double recorded, double backward, long bytes, double products) => Console.WriteLine(
        $"{name,-44}{forward * 1e3,12:F1}{recorded * 1e3,13:F1}{backward * 1e3,13:F1}{backward / forward,8:F2}{bytes / 1e6,9:F0}{(double.IsNaN(products) ? "" : $"{products:P0}"),10}");

    private static NetworkParameters Small()
    {
        const int layers = 4, dHead = 32;
        NetworkConfig config = new()
        {
            Architecture = "LlamaForCausalLM",
            Layers = layers,
            DModel = 128,
            Heads = 4,
            KeyValueHeads = 4,
            DHead = dHead,
            DMlp = 352,
            Vocabulary = 2048,
            Context = 256,
            Norm = NormKind.Rms,
            Positions = PositionKind.Rotary,
            Activation = ActivationKind.Silu,
            GatedMlp = true,
            TiedEmbedding = true,
            LayerConfigs =
            [
                .. Enumerable.Repeat(
                    new LayerConfig
                    {
                        AttentionScale = 1 / Math.Sqrt(dHead),
                        Rotary = new RotaryConfig { Frequencies = [.. Enumerable.Range(0, dHead / 2).Select(i => Math.Pow(1e4, -2.0 * i / dHead))] },
                    },
                    layers),
            ],
        };
        NetworkParameters parameters = NetworkParameters.Create(config);
        Random random = new(1);
        foreach (NetworkParameter parameter in parameters.All)
        {
            foreach (ref float value in parameters.ValuesOf(parameter))
            {
                value = parameter.Shape.Count == 1 ? 1 : (random.NextSingle() - 0.5f) * 0.2f;
            }
        }

        return parameters;
    }

    private sealed class EmbeddingGradient(HookTable hooks) : IGradientListener<float>
    {
        private readonly int point = hooks.IndexOf(HookKind.Embed);

        public int Last => point;

        public bool Wants(int index) => index == point;

        public bool WantsGradient(int index) => index == point;

        public bool Changes(int index) => false;

        public bool ChangeWantsGradient(int index) => false;

        public void Visit(in Activation<float> activation)
        {
            // Only the way back matters.
        }

        public void Gradient(in Activation<float> gradient)
        {
            // Nor is what it brings.
        }

        public void Change(in Activation<float> gradient, ReadOnlySpan<float> before) => throw new InvalidOperationException("nothing was changed");
    }

    /// <summary>The matrix products of a training step and nothing else: those of weights forward, for the gradients of inputs and of weights; those of attention.</summary>
    private sealed unsafe class TrainingProducts(TransformerNetwork network, int batch, int length)
    {
        private readonly int rows = batch * length;
        private readonly NativeBuffer<float> x = BenchModels.Values(batch * length * Widest(network.Config));
        private readonly NativeBuffer<float> y = BenchModels.Values(batch * length * Widest(network.Config));
        private readonly NativeBuffer<float> gradient = BenchModels.Values(network.Config.DModel * Widest(network.Config));

        public void Run()
        {
            for (int layer = 0; layer < network.Config.Layers; layer++)
            {
                AttentionProducts attention = new(network, length, x.Pointer, y.Pointer);
                network.Pool.For(batch * network.Config.Heads, ref attention);
            }

            foreach (NamedWeight weight in network.NamedWeights)
            {
                bool isTied = weight.Name == "embed.W_E" && network.Config.TiedEmbedding;
                if (weight.Matrix is { } matrix && (isTied || !weight.Name.Contains("embed.", StringComparison.Ordinal) || weight.Name.StartsWith("unembed", StringComparison.Ordinal)))
                {
                    MatrixView<float> inputs = new(x.Pointer, rows, matrix.Columns, matrix.Columns);
                    MatrixView<float> outputs = new(y.Pointer, rows, matrix.Rows, matrix.Rows);
                    MatrixProduct.Linear(network.Pool, inputs, matrix, null, outputs);
                    MatrixProduct.LinearTransposed(network.Pool, outputs, matrix, inputs);
                    MatrixProduct.Multiply(network.Pool, outputs.Transpose(), inputs, new MatrixView<float>(gradient.Pointer, matrix.Rows, matrix.Columns, matrix.Columns), 1, accumulate: true);
                }
            }
        }

        private struct AttentionProducts(TransformerNetwork network, int length, float* x, float* y) : IParallelWork
        {
            [ThreadStatic]
            private static NativeBuffer<float>? square;

            // Two products forward; on the way back the scores again, and the gradients of pattern, values, queries and keys.
            public readonly void Invoke(int index)
            {
                NetworkConfig c = network.Config;
                square ??= BenchModels.Values(length * length);
                int stride = c.Heads * c.DHead;
                nint first = ((nint)(index / c.Heads) * length * stride) + (index % c.Heads * c.DHead);
                MatrixView<float> inputs = new(x + first, length, c.DHead, stride);
                MatrixView<float> outputs = new(y + first, length, c.DHead, stride);
                MatrixView<float> pattern = new(square.Pointer, length, length, length);
                for (int i = 0; i < 3; i++)
                {
                    MatrixProduct.Multiply(null, inputs, outputs.Transpose(), pattern, 0.1f);
                }

                MatrixProduct.Multiply(null, pattern, inputs, outputs, 0.1f);
                MatrixProduct.Multiply(null, pattern, inputs, outputs, 0.1f);
                MatrixProduct.Multiply(null, pattern.Transpose(), inputs, outputs, 0.1f);
                MatrixProduct.Multiply(null, pattern.Transpose(), inputs, outputs, 0.1f);
            }
        }

        private static int Widest(NetworkConfig c) => Math.Max(c.DMlp, Math.Max(c.DModel, c.Vocabulary));
    }
}
