using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>Phi 1 to 2 (Gunasekar et al. 2023; Li et al. 2023): both parts read the block's input through one norm; part of each head is rotated.</summary>
internal static class Phi
{
    private const double UsualPart = 0.5;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("PhiForCausalLM", "phi", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        HeadShape heads = HeadShape.Read(config, dModel);
        int context = config.Size(Limits.Context, "max_position_embeddings");
        if (config.Flag("qk_layernorm", absent: false))
        {
            throw config.Fault("qk_layernorm", "true", "norms of queries and keys are not known for this family");
        }

        LayerConfig all = new()
        {
            AttentionScale = 1 / Math.Sqrt(heads.Width),
            Rotary = RotaryScaling.Read(config, RotaryScaling.RotatedWidth(config, heads.Width, UsualPart), context),
        };
        return new NetworkConfig
        {
            Architecture = "PhiForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads.Heads,
            KeyValueHeads = heads.KeyValueHeads,
            DHead = heads.Width,
            DMlp = config.Size(Limits.Width, "intermediate_size"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = (int)Math.Min(Limits.Context, context * RotaryScaling.Reach(config)),
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_eps"),
            Positions = PositionKind.Rotary,
            Block = BlockKind.ParallelSharedNorm,
            Activation = ActivationNames.Read(config, "hidden_act"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: false),
            LayerConfigs = [.. Enumerable.Repeat(all, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        int queries = network.Heads * network.DHead;
        int keys = network.KeyValueHeads * network.DHead;
        WeightMatrix embedding = weights.Matrix("model.embed_tokens.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"model.layers.{layer}";
            blocks[layer] = new BlockWeights(
                new AttentionWeights(
                    weights.Linear($"{name}.self_attn.q_proj", queries, dModel, bias: true),
                    weights.Linear($"{name}.self_attn.k_proj", keys, dModel, bias: true),
                    weights.Linear($"{name}.self_attn.v_proj", keys, dModel, bias: true),
                    weights.Linear($"{name}.self_attn.dense", dModel, queries, bias: true)),
                new MlpWeights(
                    weights.Linear($"{name}.mlp.fc1", network.DMlp, dModel, bias: true),
                    weights.Linear($"{name}.mlp.fc2", dModel, network.DMlp, bias: true)))
            {
                AttentionNorm = weights.Norm($"{name}.input_layernorm", dModel, bias: true),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding, "lm_head.bias"))
        {
            FinalNorm = weights.Norm("model.final_layernorm", dModel, bias: true),
        };
        weights.Finish("rotary_emb.inv_freq");
        return result;
    }
}
