using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>BLOOM (BigScience 2022): ALiBi, a norm after the embedding, queries, keys and values interleaved head by head.</summary>
internal static class Bloom
{
    private const int ContextOfTraining = 2048;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("BloomForCausalLM", "bloom", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "n_layer", "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size", "n_embed");
        int heads = config.Size(Limits.Width, "n_head", "num_attention_heads");
        int dHead = HeadShape.Divide(config, "n_head", heads, "hidden_size", dModel);
        if (config.Flag("apply_residual_connection_post_layernorm", absent: false))
        {
            throw config.Fault("apply_residual_connection_post_layernorm", "true", "only blocks that add to what the norm read are supported");
        }

        return new NetworkConfig
        {
            Architecture = "BloomForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = 4 * dModel,
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.OptionalSize(Limits.Context, "seq_length") ?? ContextOfTraining,
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_epsilon"),
            Positions = PositionKind.Alibi,
            AlibiSlopes = Alibi.Slopes(heads),
            EmbeddingNorm = true,
            Activation = ActivationKind.GeluTanhShort,
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        string root = weights.Has("transformer.word_embeddings.weight") || !weights.Has("word_embeddings.weight") ? "transformer." : string.Empty;
        int[][] parts = [.. Enumerable.Range(0, 3).Select(part => FusedProjection.OfHeads(network.Heads, 3, part, network.DHead))];
        WeightMatrix embedding = weights.Matrix($"{root}word_embeddings.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"{root}h.{layer}";
            LinearWeights fused = weights.Linear($"{name}.self_attention.query_key_value", 3 * dModel, dModel, bias: true);
            blocks[layer] = new BlockWeights(
                new AttentionWeights(
                    fused.Select(parts[0]), fused.Select(parts[1]), fused.Select(parts[2]), weights.Linear($"{name}.self_attention.dense", dModel, dModel, bias: true)),
                new MlpWeights(
                    weights.Linear($"{name}.mlp.dense_h_to_4h", network.DMlp, dModel, bias: true),
                    weights.Linear($"{name}.mlp.dense_4h_to_h", dModel, network.DMlp, bias: true)))
            {
                AttentionNorm = weights.Norm($"{name}.input_layernorm", dModel, bias: true),
                MlpNorm = weights.Norm($"{name}.post_attention_layernorm", dModel, bias: true),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding))
        {
            EmbeddingNorm = weights.Norm($"{root}word_embeddings_layernorm", dModel, bias: true),
            FinalNorm = weights.Norm($"{root}ln_f", dModel, bias: true),
        };
        weights.Finish();
        return result;
    }
}
