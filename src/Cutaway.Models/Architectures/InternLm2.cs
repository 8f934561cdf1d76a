using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>InternLM 2 (Cai et al. 2024): Llama with names of its own, queries, keys and values stored together group by group.</summary>
internal static class InternLm2
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "InternLM2ForCausalLM", "internlm2", config => DecoderConfig.Configure(config, "InternLM2ForCausalLM", tied: false).WithLayers(config), Map);

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        (int d, int width, int keyHeads) = (network.DModel, network.DHead, network.KeyValueHeads);
        int group = network.Heads / keyHeads;
        bool bias = config.Flag("bias", absent: false);
        WeightMatrix embedding = weights.Matrix("model.tok_embeddings.weight", network.Vocabulary, d);
        NetworkWeights result = new(embedding, [.. Enumerable.Range(0, network.Layers).Select(layer => Block($"model.layers.{layer}"))], weights.Head("output.weight", network, embedding))
        {
            FinalNorm = weights.Norm("model.norm", d, bias: false),
        };
        weights.Finish("rotary_emb.inv_freq");
        return result;

        BlockWeights Block(string name)
        {
            LinearWeights fused = weights.Linear($"{name}.attention.wqkv", (network.Heads + (2 * keyHeads)) * width, d, bias);
            return new BlockWeights(
                new AttentionWeights(Part(0, group), Part(group, 1), Part(group + 1, 1), weights.Linear($"{name}.attention.wo", d, network.Heads * width, bias)),
                new MlpWeights(
                    weights.Linear($"{name}.feed_forward.w3", network.DMlp, d, bias: false),
                    weights.Linear($"{name}.feed_forward.w2", d, network.DMlp, bias: false),
                    weights.Linear($"{name}.feed_forward.w1", network.DMlp, d, bias: false)))
            {
                AttentionNorm = weights.Norm($"{name}.attention_norm", d, bias: false),
                MlpNorm = weights.Norm($"{name}.ffn_norm", d, bias: false),
            };

            LinearWeights Part(int start, int count) => fused.Select(FusedProjection.OfGroups(keyHeads, group, start, count, width));
        }
    }
}
