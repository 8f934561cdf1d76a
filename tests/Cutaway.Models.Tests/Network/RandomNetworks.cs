using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>Small networks with random weights, wide enough that their work is shared among threads.</summary>
internal static class RandomNetworks
{
    private const int Vocabulary = 101;
    private const int DModel = 64;
    private const int MemoryLength = 9;

    /// <summary>
    /// GPT-2: LayerNorm, learned positions, biases. Llama: RMSNorm, rotation, gated MLP, shared key heads. Gemma: the same with
    /// norms of heads and after the parts, windows, soft caps. NeoX: parallel parts, partial rotation, exact GELU. Sinks: Llama with sinks, ALiBi and a window. Encoder: GPT-2 that sees both ways, with biases by bucket of the distance, and a window. Mixture: Llama with experts, a shared one with a gate, bounds.
    /// Latent: latent attention with narrow values, and experts chosen within groups by sigmoids and a bias. Cross: Llama whose blocks read the encoder's output too.
    /// Bert: an encoder with norms on the stream, types of tokens, and a map before the final norm.
    /// </summary>
    public static TheoryData<string> Names => ["gpt2", "llama", "gemma", "neox", "sinks", "encoder", "mixture", "latent", "cross", "bert"];

    /// <summary>The network of a name, the same at every call.</summary>
    public static TransformerNetwork Create(string name, WorkerPool? pool = null)
    {
        bool llama = name is "llama" or "gemma" or "sinks" or "mixture" or "latent" or "cross";
        bool gemma = name == "gemma";
        TransformerNetwork? encoder = name == "cross" ? Create("encoder") : null;
        NetworkConfig config = new()
        {
            Architecture = name,
            Layers = 2,
            DModel = DModel,
            Heads = 4,
            KeyValueHeads = llama && name != "latent" ? 2 : 4,
            DHead = 24,
            DValue = name == "latent" ? 20 : 24,
            Latent = name == "latent" ? new LatentConfig(28, 36, 8) : null,
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
            Encoder = encoder?.Config,
            MemoryLength = encoder is null ? 0 : MemoryLength,
            Causal = name is not ("encoder" or "bert"),
            ScoreBuckets = name == "encoder" ? new RelativeBuckets(8, 12, BothWays: true) : null,
            AttentionSinks = name == "sinks",
            AlibiSlopes = name == "sinks" ? [0.5, 0.25, 0.125, 0.0625] : null,
            ScoreSoftCap = gemma ? 20 : null,
            LogitSoftCap = gemma ? 10 : null,
            LayerConfigs = [Layer(name, 0), Layer(name, 1)],
        };
        Weights weights = new(17);
        NetworkWeights all = Experts(name, 1) is null ? weights.All(config) : weights.Filled(NetworkWeights.Empty(config));
        return new TransformerNetwork(config, all with { Encoder = encoder?.Weights }, pool);
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
            Frequencies = [.. Enumerable.Range(0, name is "neox" or "latent" ? 4 : 12).Select(i => Math.Pow(100, -i / 12.0))],
            Interleaved = name is "neox" or "latent",
            First = name == "latent" ? 16 : 0,
        },
        Experts = Experts(name, layer),
    };

    private static ExpertConfig? Experts(string name, int layer) => name switch
    {
        "mixture" => new ExpertConfig(6, 2, 40, new ExpertRouting(ExpertScoring.Softmax, Renormalize: layer == 0)) { SharedWidth = 24, SharedGate = true, Limit = 1 },
        "latent" when layer > 0 => new ExpertConfig(8, 3, 40, new ExpertRouting(ExpertScoring.Sigmoid, Renormalize: true, 2.5, Groups: 4, ChosenGroups: 2, ByPairs: true)) { SharedWidth = 24, SelectionBias = true },
        _ => null,
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
            Memory = c.Encoder is null ? null : Matrix(c.MemoryLength, c.DModel, 1),
        };

        public NetworkWeights Filled(NetworkWeights empty) =>
            empty.Replace(matrix => Matrix(matrix.Rows, matrix.Columns, 1 / Math.Sqrt(matrix.Columns)), vector => Vector(vector.Length, 1, 0.1));

        private BlockWeights Block(NetworkConfig c)
        {
            bool biased = c.Norm == NormKind.Layer;
            MlpWeights mlp = new(Linear(c.DMlp, c.DModel, biased), Linear(c.DModel, c.DMlp, biased), c.GatedMlp ? Linear(c.DMlp, c.DModel, biased) : null);
            return new(Attention(c, biased), mlp)
            {
                AttentionNorm = Norm(c, c.DModel),
                Cross = c.Encoder is null ? null : Attention(c, biased),
                CrossNorm = c.Encoder is null ? null : Norm(c, c.DModel),
                MlpNorm = Norm(c, c.DModel),
                AttentionPostNorm = c.PostNorms ? Norm(c, c.DModel) : null,
                MlpPostNorm = c.PostNorms ? Norm(c, c.DModel) : null,
            };
        }

        private AttentionWeights Attention(NetworkConfig c, bool biased) => new(
            Linear(c.Heads * c.DHead, c.DModel, biased),
            Linear(c.KeyValueHeads * c.DHead, c.DModel, biased),
            Linear(c.KeyValueHeads * c.DHead, c.DModel, biased),
            Linear(c.DModel, c.Heads * c.DHead, biased))
        {
            QueryNorm = c.QueryKeyNorm != QueryKeyNorm.None ? Norm(c, c.DHead) : null,
            KeyNorm = c.QueryKeyNorm != QueryKeyNorm.None ? Norm(c, c.DHead) : null,
            Sinks = c.AttentionSinks ? Vector(c.Heads, 0, 1) : null,
        };

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
