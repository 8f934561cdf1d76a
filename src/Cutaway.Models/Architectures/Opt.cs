using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>OPT (Zhang et al. 2022): learned positions of which the first two are never used, ReLU, biases everywhere.</summary>
internal static class Opt
{
    // Positions begin after two rows that once stood for padding.
    private const int PositionOffset = 2;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("OPTForCausalLM", "opt", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int heads = config.Size(Limits.Width, "num_attention_heads");
        int dHead = HeadShape.Divide(config, "num_attention_heads", heads, "hidden_size", dModel);
        if (!config.Flag("do_layer_norm_before", absent: true))
        {
            throw config.Fault("do_layer_norm_before", "false", "only models with norms before each part are supported (OPT-350m has them after)");
        }

        if (config.OptionalSize(Limits.Width, "word_embed_proj_dim") is { } embedded && embedded != dModel)
        {
            throw config.Fault("word_embed_proj_dim", embedded, $"only embeddings as wide as 'hidden_size' ({dModel}) are supported");
        }

        if (config.Flag("_remove_final_layer_norm", absent: false))
        {
            throw config.Fault("_remove_final_layer_norm", "true", "only models with a final norm are supported");
        }

        return new NetworkConfig
        {
            Architecture = "OPTForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.Size(Limits.Width, "ffn_dim"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_position_embeddings"),
            Norm = NormKind.Layer,
            Positions = PositionKind.Learned,
            Activation = ActivationNames.Read(config, "activation_function"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        string root = weights.Has("model.decoder.embed_tokens.weight") || !weights.Has("decoder.embed_tokens.weight") ? "model.decoder." : "decoder.";
        return Map(
            network, weights, root, "final_layer_norm", "lm_head.weight", StoredPositions(network, weights, root), config.Flag("enable_bias", absent: true), config.Flag("layer_norm_elementwise_affine", absent: true));
    }

    /// <summary>The learned positions that are used.</summary>
    internal static WeightMatrix StoredPositions(NetworkConfig network, WeightReader weights, string root) =>
        weights.Matrix($"{root}embed_positions.weight", network.Context + PositionOffset, network.DModel).SliceRows(PositionOffset, network.Context);

    /// <summary>Finds the weights under the names that descendants of fairseq's decoder share (OPT, BioGPT, XGLM).</summary>
    /// <param name="network">The shape.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="root">What all names but the head's begin with.</param>
    /// <param name="finalNorm">The final norm's name.</param>
    /// <param name="head">The unembedding's whole name.</param>
    /// <param name="positions">[context, d_model].</param>
    /// <param name="bias">Whether projections have biases.</param>
    /// <param name="affine">Whether norms have weights and biases.</param>
    internal static NetworkWeights Map(
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
