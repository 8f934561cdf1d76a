using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>Finds the weights of a GGUF file: tensor names are the same in all families; what a file lacks (biases, a head of its own) the network lacks.</summary>
internal static class GgufWeights
{
    /// <summary>The weights.</summary>
    /// <param name="file">The file.</param>
    /// <param name="network">What <see cref="GgufConfig"/> read from it.</param>
    public static NetworkWeights Map(GgufFile file, NetworkConfig network)
    {
        WeightReader weights = new(file, file.Path);
        int dModel = network.DModel;
        int queryWidth = network.Heads * network.DHead;
        int keyWidth = network.KeyValueHeads * network.DHead;

        // Llama's queries and keys are stored for interleaved rotation; all others as they were.
        bool interleaved = network.Architecture == "llama";
        int[] queryRows = interleaved ? FusedProjection.Deinterleaved(network.Heads, network.DHead) : [];
        int[] keyRows = interleaved ? FusedProjection.Deinterleaved(network.KeyValueHeads, network.DHead) : [];

        WeightMatrix embedding = weights.Matrix("token_embd.weight", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"blk.{layer}";
            (LinearWeights query, LinearWeights key, LinearWeights value) = Projections(name);
            AttentionWeights attention = new(query, key, value, Linear($"{name}.attn_output", dModel, queryWidth))
            {
                QueryNorm = network.QueryKeyNorm == QueryKeyNorm.Head ? Norm($"{name}.attn_q_norm", network.DHead) : null,
                KeyNorm = network.QueryKeyNorm == QueryKeyNorm.Head ? Norm($"{name}.attn_k_norm", network.DHead) : null,
            };
            ExpertConfig? experts = network.LayerConfigs[layer].Experts;
            blocks[layer] = new BlockWeights(attention, experts is null ? Mlp(name) : null)
            {
                Experts = experts is null ? null : Mixture(name, experts),
                AttentionNorm = Norm($"{name}.attn_norm", dModel),
                MlpNorm = Norm($"{name}.ffn_norm", dModel),
                AttentionPostNorm = network.PostNorms ? Norm($"{name}.post_attention_norm", dModel) : null,
                MlpPostNorm = network.PostNorms ? Norm($"{name}.post_ffw_norm", dModel) : null,
            };
        }

        NetworkWeights result = new(embedding, blocks, weights.Head("output.weight", network, embedding))
        {
            Positions = network.Positions == PositionKind.Learned ? weights.Matrix("position_embd.weight", network.Context, dModel) : null,
            FinalNorm = Norm("output_norm", dModel),
        };
        weights.Finish("rope_freqs.weight");
        return result;

        (LinearWeights Query, LinearWeights Key, LinearWeights Value) Projections(string name)
        {
            if (weights.Has($"{name}.attn_qkv.weight"))
            {
                LinearWeights fused = Linear($"{name}.attn_qkv", queryWidth + (2 * keyWidth), dModel);
                return (fused.Rows(0, queryWidth), fused.Rows(queryWidth, keyWidth), fused.Rows(queryWidth + keyWidth, keyWidth));
            }

            LinearWeights query = Linear($"{name}.attn_q", queryWidth, dModel);
            LinearWeights key = Linear($"{name}.attn_k", keyWidth, dModel);
            return (interleaved ? query.Select(queryRows) : query, interleaved ? key.Select(keyRows) : key, Linear($"{name}.attn_v", keyWidth, dModel));
        }

        MlpWeights Mlp(string name)
        {
            LinearWeights down = Linear($"{name}.ffn_down", dModel, network.DMlp);
            if (network.Architecture == "phi3")
            {
                LinearWeights fused = Linear($"{name}.ffn_up", 2 * network.DMlp, dModel);
                return new(fused.Rows(network.DMlp, network.DMlp), down, fused.Rows(0, network.DMlp));
            }

            return new(Linear($"{name}.ffn_up", network.DMlp, dModel), down, network.GatedMlp ? Linear($"{name}.ffn_gate", network.DMlp, dModel) : null);
        }

        ExpertWeights Mixture(string name, ExpertConfig experts)
        {
            WeightMatrix[] gate = weights.Slices($"{name}.ffn_gate_exps.weight", experts.Count, experts.Width, dModel, transposed: false);
            WeightMatrix[] up = weights.Slices($"{name}.ffn_up_exps.weight", experts.Count, experts.Width, dModel, transposed: false);
            WeightMatrix[] down = weights.Slices($"{name}.ffn_down_exps.weight", experts.Count, dModel, experts.Width, transposed: false);
            return new(
                Linear($"{name}.ffn_gate_inp", experts.Count, dModel),
                [.. Enumerable.Range(0, experts.Count).Select(i => new MlpWeights(new LinearWeights(up[i]), new LinearWeights(down[i]), new LinearWeights(gate[i])))]);
        }

        LinearWeights Linear(string stem, int outputs, int inputs) => weights.Linear(stem, outputs, inputs, weights.Has($"{stem}.bias"));

        NormWeights Norm(string stem, int width) => weights.Norm(stem, width, weights.Has($"{stem}.bias"));
    }
}
