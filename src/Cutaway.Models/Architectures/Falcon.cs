using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Falcon (Almazrouei et al. 2023): 7B with one key head and one norm for both parts, 40B and 180B with groups of query heads
/// and a norm each (<c>new_decoder_architecture</c>), RW models one part after the other with ALiBi.
/// </summary>
internal static class Falcon
{
    private const int ContextOfTraining = 2048;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("FalconForCausalLM", "falcon", Configure, Map);

    private static bool IsNew(ConfigReader config) => config.Flag("new_decoder_architecture", absent: false);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers", "n_layer");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int heads = config.Size(Limits.Width, "num_attention_heads", "n_head");
        int dHead = HeadShape.Divide(config, "num_attention_heads", heads, "hidden_size", dModel);
        int context = config.OptionalSize(Limits.Context, "max_position_embeddings") ?? ContextOfTraining;
        int keyHeads = IsNew(config)
            ? config.OptionalSize(Limits.Width, "num_kv_heads", "n_head_kv") ?? heads
            : config.Flag("multi_query", absent: true) ? 1 : heads;
        if (heads % keyHeads != 0)
        {
            throw config.Fault("num_kv_heads", keyHeads, $"a divisor of 'num_attention_heads' ({heads}) was expected");
        }

        bool alibi = config.Flag("alibi", absent: false);
        double scale = 1 / Math.Sqrt(dHead);
        LayerConfig all = new() { AttentionScale = scale, Rotary = alibi ? null : RotaryScaling.Read(config, dHead, context) };
        return new NetworkConfig
        {
            Architecture = "FalconForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = keyHeads,
            DHead = dHead,
            DMlp = config.OptionalSize(Limits.Width, "ffn_hidden_size") ?? (4 * dModel),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = context,
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_epsilon"),
            Positions = alibi ? PositionKind.Alibi : PositionKind.Rotary,

            // Slopes are rounded to bfloat16, and the scale is on the bias too.
            AlibiSlopes = alibi ? [.. Alibi.Slopes(heads).Select(slope => scale * InBFloat16(slope))] : null,
            Block = IsNew(config) && config.OptionalSize(2, "num_ln_in_parallel_attn") is not 1 ? BlockKind.Parallel
                : IsNew(config) || config.Flag("parallel_attn", absent: true) ? BlockKind.ParallelSharedNorm
                : BlockKind.Sequential,
            Activation = ActivationNames.ReadOr(config, "activation", ActivationKind.GeluExact),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(all, layers)],
        };
    }

    private static double InBFloat16(double value)
    {
        uint bits = BitConverter.SingleToUInt32Bits((float)value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        bool bias = config.Flag("bias", absent: false);
        int group = network.Heads / network.KeyValueHeads;
        WeightMatrix embedding = weights.Matrix("transformer.word_embeddings.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"transformer.h.{layer}";
            LinearWeights fused = weights.Linear($"{name}.self_attention.query_key_value", (network.Heads + (2 * network.KeyValueHeads)) * network.DHead, dModel, bias);
            (string first, string? second) = network.Block switch
            {
                BlockKind.Parallel => ("ln_attn", "ln_mlp"),
                BlockKind.ParallelSharedNorm => ("input_layernorm", null),
                _ => ("input_layernorm", (string?)"post_attention_layernorm"),
            };
            blocks[layer] = new BlockWeights(
                new AttentionWeights(
                    fused.Select(Rows(0, group)), fused.Select(Rows(group, 1)), fused.Select(Rows(group + 1, 1)), weights.Linear($"{name}.self_attention.dense", dModel, dModel, bias)),
                new MlpWeights(
                    weights.Linear($"{name}.mlp.dense_h_to_4h", network.DMlp, dModel, bias),
                    weights.Linear($"{name}.mlp.dense_4h_to_h", dModel, network.DMlp, bias)))
            {
                AttentionNorm = weights.Norm($"{name}.{first}", dModel, bias: true),
                MlpNorm = second is null ? null : weights.Norm($"{name}.{second}", dModel, bias: true),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding))
        {
            FinalNorm = weights.Norm("transformer.ln_f", dModel, bias: true),
        };
        weights.Finish("rotary_emb.inv_freq");
        return result;

        int[] Rows(int start, int count) => FusedProjection.OfGroups(network.KeyValueHeads, group, start, count, network.DHead);
    }
}
