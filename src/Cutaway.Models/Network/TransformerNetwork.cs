using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>A network: its shape, its weights, and its hook points. It holds no state of any run.</summary>
public sealed class TransformerNetwork
{
    private bool weightsAreFinite;

    /// <summary>Joins a configuration and weights that fit it.</summary>
    /// <param name="config">The shape and arithmetic.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="pool">Threads to compute on; null for the default pool.</param>
    public TransformerNetwork(NetworkConfig config, NetworkWeights weights, WorkerPool? pool = null)
    {
        if (config.LayerConfigs.Count != config.Layers || weights.Blocks.Count != config.Layers)
        {
            throw CutawayException.Model(
                $"the configuration has {config.Layers} layers, but {config.LayerConfigs.Count} layer settings and {weights.Blocks.Count} blocks of weights");
        }

        Config = config;
        Weights = weights;
        Pool = pool ?? WorkerPool.Default;
        Hooks = new HookTable(config);
        Encoder = config.Encoder is { } encoder ? new TransformerNetwork(encoder, weights.Encoder!, pool) : null;
        Effective = config.NormWeightOffset == 0 ? weights : WithOffset(weights, config.NormWeightOffset);
    }

    /// <summary>The shape and arithmetic.</summary>
    public NetworkConfig Config { get; }

    /// <summary>The weights as stored.</summary>
    public NetworkWeights Weights { get; }

    /// <summary>The hook points.</summary>
    public HookTable Hooks { get; }

    /// <summary>Threads it computes on.</summary>
    public WorkerPool Pool { get; }

    /// <summary>
    /// Every weight by name, as the forward pass uses it: what gradients are taken with respect to. A norm's weight is here with
    /// its offset, which changes no gradient.
    /// </summary>
    public IReadOnlyList<NamedWeight> NamedWeights => NamedWeight.Of(Effective);

    /// <summary>The network that makes what this one's blocks read beside their own text, or null.</summary>
    public TransformerNetwork? Encoder { get; }

    /// <summary>The same network with an encoder's output to read.</summary>
    /// <param name="memory">[position, d_model], after the encoder's final norm.</param>
    public TransformerNetwork Reading(WeightMatrix memory) => memory.Columns == Config.DModel
        ? new(Config with { MemoryLength = memory.Rows }, Weights with { Memory = memory }, Pool)
        : throw new ArgumentException($"the encoder's output is {memory.Columns} wide; the residual stream is {Config.DModel}", nameof(memory));

    /// <summary>The unembedding of some tokens, sharing memory.</summary>
    /// <param name="tokens">Ids.</param>
    public LinearWeights UnembeddingOf(IReadOnlyList<int> tokens) => new(
        Weights.Unembedding.Weight.SelectRows([.. tokens]),
        Weights.Unembedding.Bias is { } bias ? new WeightVector([.. tokens.Select(token => bias.Float64[token])]) : null);

    /// <summary>What is added to a score for where its key is, the same in all layers: 0 where positions enter otherwise.</summary>
    /// <param name="head">The query head.</param>
    /// <param name="distance">The key's position less the query's.</param>
    public double ScoreBias(int head, int distance)
    {
        double learned = 0;
        if (Config.ScoreBuckets is { } buckets)
        {
            double[] row = new double[Config.Heads];
            Weights.ScoreBias!.DecodeRow<double>(buckets.Of(distance), row);
            learned = row[head];
        }

        return learned + ((Config.AlibiSlopes?[head] ?? 0) * distance);
    }

    /// <summary>The weights with the norms' offset added, as the forward pass uses them.</summary>
    internal NetworkWeights Effective { get; }

    /// <summary>Reads every weight and refuses NaN and infinities. It costs a pass over the file, so a run does it only once its logits are not finite.</summary>
    /// <exception cref="CutawayException">A weight is not finite; it is named.</exception>
    public void RequireFinite()
    {
        if (weightsAreFinite)
        {
            return;
        }

        if (WeightCheck.FindNonFinite(Weights) is { } found)
        {
            throw CutawayException.Model($"a weight of this {Config.Architecture} is not finite: {found}. Download or convert the model again");
        }

        weightsAreFinite = true;
    }

    private static NetworkWeights WithOffset(NetworkWeights weights, double offset)
    {
        return weights with
        {
            EmbeddingNorm = Shift(weights.EmbeddingNorm),
            InputNorm = Shift(weights.InputNorm),
            FinalNorm = Shift(weights.FinalNorm),
            Blocks =
            [
                .. weights.Blocks.Select(block => block with
                {
                    AttentionNorm = Shift(block.AttentionNorm),
                    CrossNorm = Shift(block.CrossNorm),
                    MlpNorm = Shift(block.MlpNorm),
                    AttentionPostNorm = Shift(block.AttentionPostNorm),
                    MlpPostNorm = Shift(block.MlpPostNorm),
                    Attention = block.Attention with
                    {
                        QueryNorm = Shift(block.Attention.QueryNorm),
                        KeyNorm = Shift(block.Attention.KeyNorm),
                    },
                }),
            ],
        };

        NormWeights? Shift(NormWeights? norm) => norm?.Weight is null
            ? norm
            : norm with { Weight = new WeightVector([.. norm.Weight.Float64.ToArray().Select(value => value + offset)]) };
    }
}
