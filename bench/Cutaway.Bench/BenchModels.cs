using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>The networks that are timed.</summary>
internal static unsafe class BenchModels
{
    /// <summary>SmolLM2's Q4_1 file, or null where the shared folder is absent.</summary>
    public static string? SmolLm2
    {
        get
        {
            string? shared = Environment.GetEnvironmentVariable("CUTAWAY_SHARED");
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); shared is null && folder is not null; folder = folder.Parent)
            {
                shared = File.Exists(Path.Combine(folder.FullName, "Cutaway.slnx")) ? Path.Combine(folder.FullName, "..", "shared") : null;
            }

            string path = Path.GetFullPath(Path.Combine(shared ?? ".", "models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"));
            return File.Exists(path) ? path : null;
        }
    }

    /// <summary>A network of GPT-2 small's shape with random weights, stored [inputs, outputs] as its checkpoint stores them.</summary>
    public static TransformerNetwork Gpt2(WorkerPool pool)
    {
        const int layers = 12, d = 768, mlp = 3072, vocabulary = 50257, context = 1024;
        NetworkConfig config = new()
        {
            Architecture = "GPT2LMHeadModel",
            Layers = layers,
            DModel = d,
            Heads = 12,
            KeyValueHeads = 12,
            DHead = 64,
            DMlp = mlp,
            Vocabulary = vocabulary,
            Context = context,
            Norm = NormKind.Layer,
            Positions = PositionKind.Learned,
            Activation = ActivationKind.GeluTanh,
            TiedEmbedding = true,
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 0.125 }, layers)],
        };
        WeightMatrix embedding = Matrix(vocabulary, d);
        NormWeights norm = new(Vector(d, 1), Vector(d, 0));
        NetworkWeights weights = new(embedding, [.. Enumerable.Range(0, layers).Select(_ => Block())], new LinearWeights(embedding))
        {
            Positions = Matrix(context, d),
            FinalNorm = norm,
        };
        return new TransformerNetwork(config, weights, pool);

        BlockWeights Block() => new(
            new AttentionWeights(Linear(d, d), Linear(d, d), Linear(d, d), Linear(d, d)),
            new MlpWeights(Linear(mlp, d), Linear(d, mlp)))
        {
            AttentionNorm = norm,
            MlpNorm = norm,
        };
    }

    /// <summary>Random ids of a vocabulary.</summary>
    public static int[] Ids(int count, int vocabulary)
    {
        Random random = new(1);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>Random values in [-0.05, 0.05].</summary>
    public static NativeBuffer<float> Values(int count)
    {
        Random random = new(count);
        NativeBuffer<float> values = new(count);
        foreach (ref float value in values.Span)
        {
            value = (random.NextSingle() - 0.5f) * 0.1f;
        }

        return values;
    }

    private static LinearWeights Linear(int outputs, int inputs) => new(Stored(inputs, outputs, transposed: true), Vector(outputs, 0));

    private static WeightMatrix Matrix(int rows, int columns) => Stored(rows, columns, transposed: false);

    private static WeightMatrix Stored(int rows, int columns, bool transposed)
    {
        NativeBuffer<float> values = Values(rows * columns);
        return WeightMatrix.FromMemory(values, (byte*)values.Pointer, ElementType.Float32, rows, columns, transposed);
    }

    private static WeightVector Vector(int length, double value) => new([.. Enumerable.Repeat(value, length)]);
}
