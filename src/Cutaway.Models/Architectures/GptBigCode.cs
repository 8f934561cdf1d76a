using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>StarCoder 1 and SantaCoder (Li et al. 2023): GPT-2 whose query heads share one key and value head, weights stored [outputs, inputs].</summary>
internal static class GptBigCode
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GPTBigCodeForCausalLM", "gpt_bigcode", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = Gpt2.Configure(config, "GPTBigCodeForCausalLM");
        return config.Flag("multi_query", absent: true) ? network with { KeyValueHeads = 1 } : network;
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        (int dModel, int keys) = (network.DModel, network.KeyValueHeads * network.DHead);
        WeightMatrix embedding = weights.Matrix("transformer.wte.weight", network.Vocabulary, dModel);
        WeightMatrix positions = weights.Matrix("transformer.wpe.weight", network.Context, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"transformer.h.{layer}";
            LinearWeights fused = weights.Linear($"{name}.attn.c_attn", dModel + (2 * keys), dModel, bias: true);
            blocks[layer] = new BlockWeights(
                new AttentionWeights(Part(fused, 0), Part(fused, 1), Part(fused, 2), weights.Linear($"{name}.attn.c_proj", dModel, dModel, bias: true)),
                new MlpWeights(
                    weights.Linear($"{name}.mlp.c_fc", network.DMlp, dModel, bias: true),
                    weights.Linear($"{name}.mlp.c_proj", dModel, network.DMlp, bias: true)))
            {
                AttentionNorm = weights.Norm($"{name}.ln_1", dModel, bias: true),
                MlpNorm = weights.Norm($"{name}.ln_2", dModel, bias: true),
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("lm_head.weight", network, embedding))
        {
            Positions = positions,
            FinalNorm = weights.Norm("transformer.ln_f", dModel, bias: true),
        };
        weights.Finish(".attn.bias", ".attn.masked_bias");
        return result;

        // One key head stands after all queries; with as many as queries, each head has its three parts together.
        LinearWeights Part(LinearWeights fused, int part) => network.KeyValueHeads == 1 && network.Heads > 1
            ? fused.Rows(part == 0 ? 0 : dModel + ((part - 1) * keys), part == 0 ? dModel : keys)
            : fused.Select(FusedProjection.OfHeads(network.Heads, 3, part, network.DHead));
    }
}
