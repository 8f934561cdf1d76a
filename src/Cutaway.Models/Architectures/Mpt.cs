using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>MPT (MosaicML 2023): ALiBi, no biases anywhere, queries, keys and values stored as one and held within bounds.</summary>
internal static class Mpt
{
    private const double UsualSteepness = 8;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("MptForCausalLM", "mpt", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "n_layers");
        int dModel = config.Size(Limits.Width, "d_model");
        int heads = config.Size(Limits.Width, "n_heads");
        int dHead = HeadShape.Divide(config, "n_heads", heads, "d_model", dModel);
        ConfigReader? attention = config.OptionalSection("attn_config");
        if (attention?.OptionalText("attn_type") is { } kind && kind != "multihead_attention")
        {
            throw attention.Fault("attn_type", Quote.Name(kind), "only multihead_attention is supported");
        }

        if (attention?.Flag("alibi", absent: true) == false)
        {
            throw attention.Fault("alibi", "false", "only models whose positions enter by ALiBi are supported");
        }

        return new NetworkConfig
        {
            Architecture = "MptForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = dModel * config.Size(Limits.Layers, "expansion_ratio"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_seq_len"),
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalPositive("layer_norm_epsilon") ?? 1e-5,
            Positions = PositionKind.Alibi,
            AlibiSlopes = Alibi.Slopes(heads, attention?.OptionalPositive("alibi_bias_max") ?? UsualSteepness),
            ProjectionBound = attention?.OptionalPositive("clip_qkv"),
            Activation = ActivationKind.GeluExact,
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = attention?.OptionalPositive("softmax_scale") ?? (1 / Math.Sqrt(dHead)) }, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        WeightMatrix embedding = weights.Matrix("transformer.wte.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"transformer.blocks.{layer}";
            LinearWeights fused = weights.Linear($"{name}.attn.Wqkv", 3 * dModel, dModel, bias: false);
            blocks[layer] = new BlockWeights(
                new AttentionWeights(fused.Rows(0, dModel), fused.Rows(dModel, dModel), fused.Rows(2 * dModel, dModel), weights.Linear($"{name}.attn.out_proj", dModel, dModel, bias: false)),
                new MlpWeights(
                    weights.Linear($"{name}.ffn.up_proj", network.DMlp, dModel, bias: false),
                    weights.Linear($"{name}.ffn.down_proj", dModel, network.DMlp, bias: false)))
            {
                AttentionNorm = weights.Norm($"{name}.norm_1", dModel, bias: false),
                MlpNorm = weights.Norm($"{name}.norm_2", dModel, bias: false),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding))
        {
            FinalNorm = weights.Norm("transformer.norm_f", dModel, bias: false),
        };
        weights.Finish();
        return result;
    }
}
