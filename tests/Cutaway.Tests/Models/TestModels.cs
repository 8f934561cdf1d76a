using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;
using Cutaway.Testing;

namespace Cutaway.Tests.Models;

/// <summary>Small models for tests.</summary>
internal static class TestModels
{
    /// <summary>The tiny GPT-2 of the TransformerLens goldens: 3 layers, 6 heads, 113 words.</summary>
    public static LanguageModel TinyGpt2(ProcessingSteps steps = ProcessingSteps.None, DType dtype = DType.Float32)
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Fixtures.Golden("transformerlens", "tiny-gpt2"));
        (config, weights) = WeightProcessing.Apply(config, weights, steps, dtype);
        return new LanguageModel("tiny-gpt2", new TransformerNetwork(config, weights), WordTokenizer.Numbered(config.Vocabulary), dtype);
    }

    /// <summary>SmolLM2-135M-Instruct from the shared folder, with a tokenizer whose words are the ids themselves: " 5099" is token 5099.</summary>
    public static LanguageModel SmolLm2(DType dtype = DType.Float32)
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Fixtures.Shared("models", "smollm2-135m-instruct"));
        WordTokenizer tokenizer = new([.. Enumerable.Range(0, config.Vocabulary).Select(i => $"{i}")]) { EndOfText = 2 };
        return new LanguageModel("smollm2", new TransformerNetwork(config, weights), tokenizer, dtype);
    }

    /// <summary>A random network with grouped queries, rotary positions and gated MLPs: 2 layers, 4 query heads on 2 key heads.</summary>
    public static LanguageModel Random(Func<NetworkConfig, NetworkConfig>? change = null, DType dtype = DType.Float64)
    {
        NetworkConfig config = new()
        {
            Architecture = "Random",
            Layers = 2,
            DModel = 12,
            Heads = 4,
            KeyValueHeads = 2,
            DHead = 4,
            DMlp = 20,
            Vocabulary = 29,
            Context = 32,
            Norm = NormKind.Rms,
            Positions = PositionKind.Rotary,
            Activation = ActivationKind.Silu,
            GatedMlp = true,
            LayerConfigs = [.. Enumerable.Range(0, 2).Select(_ => new LayerConfig { AttentionScale = 0.5, Rotary = new RotaryConfig { Frequencies = [1.0, 0.1] } })],
        };
        config = change?.Invoke(config) ?? config;
        TransformerNetwork network = config.Latent is null && config.LayerConfigs.All(layer => layer.Experts is null) ? new(config, Weights(config)) : Filled(config);
        return new LanguageModel("random", network, WordTokenizer.Numbered(config.Vocabulary), dtype);
    }

    /// <summary>Changes a random network's configuration to a plain one: LayerNorm with biases, learned positions, no gate.</summary>
    public static NetworkConfig Plain(NetworkConfig config) => config with
    {
        Norm = NormKind.Layer,
        Positions = PositionKind.Learned,
        KeyValueHeads = config.Heads,
        GatedMlp = false,
        Activation = ActivationKind.GeluExact,
        LayerConfigs = [.. config.LayerConfigs.Select(layer => layer with { Rotary = null })],
    };

    private static TransformerNetwork Filled(NetworkConfig config)
    {
        SeededRandom random = new(20);
        NetworkParameters parameters = NetworkParameters.Create(config);
        foreach (ref float value in parameters.Values.Span)
        {
            value = (float)(0.4 * random.NextNormal());
        }

        return parameters.Network;
    }

    private static NetworkWeights Weights(NetworkConfig c)
    {
        SeededRandom random = new(20);
        bool biases = c.Norm == NormKind.Layer;
        return new NetworkWeights(Matrix(c.Vocabulary, c.DModel, 1), [.. Enumerable.Range(0, c.Layers).Select(_ => Block())], Linear(c.Vocabulary, c.DModel))
        {
            Positions = c.Positions is PositionKind.Learned or PositionKind.Shortformer ? Matrix(c.Context, c.DModel, 0.5) : null,
            EmbeddingNorm = c.EmbeddingNorm ? Norm(c.DModel) : null,
            ScoreBias = c.ScoreBuckets is { } buckets ? Matrix(buckets.Count, c.Heads, 1) : null,
            InputNorm = c.InputNorm ? Norm(c.DModel) : null,
            TokenTypes = c.TokenTypes > 0 ? Matrix(c.TokenTypes, c.DModel, 0.5) : null,
            HeadTransform = c.HeadTransform ? Linear(c.DModel, c.DModel) : null,
            FinalNorm = Norm(c.DModel),
            Memory = c.Encoder is null ? null : Matrix(c.MemoryLength, c.DModel, 1),
            Encoder = c.Encoder is { } encoder ? Weights(encoder) : null,
        };

        BlockWeights Block() => new(
            Attention(),
            c.AttentionOnly ? null : new MlpWeights(Linear(c.DMlp, c.DModel), Linear(c.DModel, c.DMlp), c.GatedMlp ? Linear(c.DMlp, c.DModel) : null))
        {
            AttentionNorm = Norm(c.DModel),
            Cross = c.Encoder is null ? null : Attention(),
            CrossNorm = c.Encoder is null ? null : Norm(c.DModel),
            MlpNorm = c.AttentionOnly ? null : Norm(c.DModel),
            AttentionPostNorm = c.PostNorms ? Norm(c.DModel) : null,
            MlpPostNorm = c.PostNorms ? Norm(c.DModel) : null,
        };

        AttentionWeights Attention() => new(
            Linear(c.Heads * c.DHead, c.DModel), Linear(c.KeyValueHeads * c.DHead, c.DModel),
            Linear(c.KeyValueHeads * c.DHead, c.DModel), Linear(c.DModel, c.Heads * c.DHead))
        {
            Sinks = c.AttentionSinks ? Vector(c.Heads, 0, 1) : null,
        };

        LinearWeights Linear(int rows, int columns) => new(Matrix(rows, columns, 0.4), biases ? Vector(rows, 0, 0.3) : null);

        NormWeights? Norm(int width) => c.Norm == NormKind.None ? null : new NormWeights(Vector(width, 1, 0.3), biases ? Vector(width, 0, 0.3) : null);

        WeightMatrix Matrix(int rows, int columns, double size) =>
            WeightMatrix.FromArray([.. Enumerable.Range(0, rows * columns).Select(_ => size * random.NextNormal())], rows, columns);

        WeightVector Vector(int width, double middle, double size) => new([.. Enumerable.Range(0, width).Select(_ => middle + (size * random.NextNormal()))]);
    }
}
