using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>What the descendants of fairseq's decoder share (OPT, BioGPT, XGLM): LayerNorm before each part, added positions of which the first two are never used, an MLP without gate.</summary>
internal static class FairseqDecoder
{
    /// <summary>Positions begin after two rows that once stood for padding.</summary>
    public const int PositionOffset = 2;

    /// <summary>Reads a configuration; the norms' epsilon is a constant of these families.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="architecture">The family's name.</param>
    /// <param name="keys">What it calls layers, width, heads, neurons and nonlinearity.</param>
    public static NetworkConfig Configure(ConfigReader config, string architecture, (string Layers, string Width, string Heads, string Neurons, string Activation) keys)
    {
        int layers = config.Size(Limits.Layers, keys.Layers);
        int dModel = config.Size(Limits.Width, keys.Width);
        int heads = config.Size(Limits.Width, keys.Heads);
        int dHead = HeadShape.Divide(config, keys.Heads, heads, keys.Width, dModel);
        return new NetworkConfig
        {
            Architecture = architecture,
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.Size(Limits.Width, keys.Neurons),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_position_embeddings"),
            Norm = NormKind.Layer,
            Positions = PositionKind.Learned,
            Activation = ActivationNames.Read(config, keys.Activation),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }

    /// <summary>The factor on the embedding in families that scale it.</summary>
    public static double EmbeddingScale(ConfigReader config, NetworkConfig network) => config.Flag("scale_embedding", absent: true) ? Math.Sqrt(network.DModel) : 1;

    /// <summary>The learned positions that are used.</summary>
    public static WeightMatrix StoredPositions(NetworkConfig network, WeightReader weights, string root) =>
        weights.Matrix($"{root}embed_positions.weight", network.Context + PositionOffset, network.DModel).SliceRows(PositionOffset, network.Context);

    /// <summary>Finds the weights under the names that these families share.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="root">What all names but the head's begin with.</param>
    /// <param name="finalNorm">The final norm's name.</param>
    /// <param name="head">The unembedding's whole name.</param>
    /// <param name="positions">[context, d_model].</param>
    /// <param name="bias">Whether projections have biases.</param>
    /// <param name="affine">Whether norms have weights and biases.</param>
    public static NetworkWeights Map(
        NetworkConfig network, WeightReader weights, string root, string finalNorm, string head, WeightMatrix positions, bool bias = true, bool affine = true)
    {
        int dModel = network.DModel;
        WeightMatrix embedding = weights.Matrix($"{root}embed_tokens.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"{root}layers.{layer}";
            blocks[layer] = new BlockWeights(
                new AttentionWeights(Square("q_proj"), Square("k_proj"), Square("v_proj"), Square("out_proj")),
                new MlpWeights(weights.Linear($"{name}.fc1", network.DMlp, dModel, bias), weights.Linear($"{name}.fc2", dModel, network.DMlp, bias)))
            {
                AttentionNorm = Norm($"{name}.self_attn_layer_norm"),
                MlpNorm = Norm($"{name}.final_layer_norm"),
            };

            LinearWeights Square(string part) => weights.Linear($"{name}.self_attn.{part}", dModel, dModel, bias);
        }

        NetworkWeights result = new(embedding, blocks, weights.Head(head, network, embedding))
        {
            Positions = positions,
            FinalNorm = Norm($"{root}{finalNorm}"),
        };
        weights.Finish();
        return result;

        NormWeights Norm(string stem) => affine ? weights.Norm(stem, dModel, bias: true) : new NormWeights(null);
    }
}
