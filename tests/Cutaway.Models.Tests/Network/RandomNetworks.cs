using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>Small networks with random weights, wide enough that their work is shared among threads.</summary>
internal static class RandomNetworks
{
    private const int Vocabulary = 101;
    private const int DModel = 64;

    /// <summary>
    /// GPT-2: LayerNorm, learned positions, biases. Llama: RMSNorm, rotation, gated MLP, shared key heads. Gemma: the same with
    /// norms of heads and after the parts, windows, soft caps. NeoX: parallel parts, partial rotation, exact GELU. Sinks: Llama with sinks, ALiBi and a window. Encoder: GPT-2 that sees both ways, with biases by bucket of the distance, and a window.
    /// Bert: one with norms on the stream, types of tokens, and a map before the final norm.
    /// </summary>
    public static TheoryData<string> Names => ["gpt2", "llama", "gemma", "neox", "sinks", "encoder", "bert"];

    /// <summary>The network of a name, the same at every call.</summary>
    public static TransformerNetwork Create(string name, WorkerPool? pool = null)
    {
        bool llama = name is "llama" or "gemma" or "sinks";
        bool gemma = name == "gemma";
        NetworkConfig config = new()
        {
            Architecture = name,
            Layers = 2,
            DModel = DModel,
            Heads = 4,
            KeyValueHeads = llama ? 2 : 4,
            DHead = 24,
            DMlp = 160,
            Vocabulary = Vocabulary,
            Context = 256,
            Norm = llama ? NormKind.Rms : NormKind.Layer,
            Positions = name == "encoder" ? PositionKind.None : name is "gpt2" or "bert" ? PositionKind.Learned : PositionKind.Rotary,
            Block = name == "neox" ? BlockKind.Parallel : BlockKind.Sequential,
            Activation = llama ? ActivationKind.Silu : name == "neox" ? ActivationKind.GeluExact : ActivationKind.GeluTanh,
            GatedMlp = llama,
            QueryKeyNorm = gemma ? QueryKeyNorm.Head : QueryKeyNorm.None,
            NormPlacement = gemma ? NormPlacement.BeforeAndAfter : name == "bert" ? NormPlacement.OnSum : NormPlacement.Before,
            InputNorm = name == "bert",
            TokenTypes = name == "bert" ? 2 : 0,
            HeadTransform = name == "bert",
            EmbeddingScale = gemma ? 8 : 1,
            Causal = name is not ("encoder" or "bert"),
            ScoreBuckets = name == "encoder" ? new RelativeBuckets(8, 12, BothWays: true) : null,
            AttentionSinks = name == "sinks",
            AlibiSlopes = name == "sinks" ? [0.5, 0.25, 0.125, 0.0625] : null,
            ScoreSoftCap = gemma ? 20 : null,
            LogitSoftCap = gemma ? 10 : null,
            LayerConfigs = [Layer(name, 0), Layer(name, 1)],
        };
        return new TransformerNetwork(config, new Weights(17).All(config), pool);
    }

    /// <summary>Random ids, [count].</summary>
    public static int[] Ids(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Vocabulary))];
    }

    private static LayerConfig Layer(string name, int layer) => new()
    {
        AttentionScale = 0.2,
        Window = name is "gemma" or "sinks" or "encoder" && layer == 0 ? 20 : null,
        Rotary = name is "gpt2" or "encoder" or "bert" ? null : new RotaryConfig
        {
            Frequencies = [.. Enumerable.Range(0, name == "neox" ? 4 : 12).Select(i => Math.Pow(100, -i / 12.0))],
            Interleaved = name == "neox",
        },
    };

    private sealed class Weights(int seed)
    {
        private readonly Random random = new(seed);

        public NetworkWeights All(NetworkConfig c) => new(Matrix(c.Vocabulary, c.DModel, 1), [.. Enumerable.Range(0, c.Layers).Select(_ => Block(c))], Linear(c.Vocabulary, c.DModel, false))
        {
            Positions = c.Positions == PositionKind.Learned ? Matrix(c.Context, c.DModel, 1) : null,
            ScoreBias = c.ScoreBuckets is { } buckets ? Matrix(buckets.Count, c.Heads, 1) : null,
            InputNorm = c.InputNorm ? Norm(c, c.DModel) : null,
            TokenTypes = c.TokenTypes > 0 ? Matrix(c.TokenTypes, c.DModel, 1) : null,
            HeadTransform = c.HeadTransform ? Linear(c.DModel, c.DModel, true) : null,
            FinalNorm = Norm(c, c.DModel),
        };

        private BlockWeights Block(NetworkConfig c)
        {
            bool biased = c.Norm == NormKind.Layer;
            AttentionWeights attention = new(
                Linear(c.Heads * c.DHead, c.DModel, biased),
                Linear(c.KeyValueHeads * c.DHead, c.DModel, biased),
                Linear(c.KeyValueHeads * c.DHead, c.DModel, biased),
                Linear(c.DModel, c.Heads * c.DHead, biased))
            {
                QueryNorm = c.QueryKeyNorm != QueryKeyNorm.None ? Norm(c, c.DHead) : null,
                KeyNorm = c.QueryKeyNorm != QueryKeyNorm.None ? Norm(c, c.DHead) : null,
                Sinks = c.AttentionSinks ? Vector(c.Heads, 0, 1) : null,
            };
            MlpWeights mlp = new(Linear(c.DMlp, c.DModel, biased), Linear(c.DModel, c.DMlp, biased), c.GatedMlp ? Linear(c.DMlp, c.DModel, biased) : null);
            return new(attention, mlp)
            {
                AttentionNorm = Norm(c, c.DModel),
                MlpNorm = Norm(c, c.DModel),
                AttentionPostNorm = c.PostNorms ? Norm(c, c.DModel) : null,
                MlpPostNorm = c.PostNorms ? Norm(c, c.DModel) : null,
            };
        }

        private NormWeights Norm(NetworkConfig c, int width) =>
            new(Vector(width, 1, 0.1), c.Norm == NormKind.Layer ? Vector(width, 0, 0.1) : null);

        private LinearWeights Linear(int outputs, int inputs, bool biased) =>
            new(Matrix(outputs, inputs, 1 / Math.Sqrt(inputs)), biased ? Vector(outputs, 0, 0.1) : null);

        private WeightMatrix Matrix(int rows, int columns, double spread) =>
            WeightMatrix.FromArray(Array.ConvertAll(Values(rows * columns, 0, spread), value => (float)value), rows, columns);

        private WeightVector Vector(int length, double centre, double spread) => new(Values(length, centre, spread));

        private double[] Values(int count, double centre, double spread)
        {
            double[] values = new double[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = centre + (spread * Math.Sqrt(3) * ((2 * random.NextDouble()) - 1));
            }

            return values;
        }
    }
}
