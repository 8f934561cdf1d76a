using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>Finds a network's weights in a state dictionary of TransformerLens. Biases may be absent; folded norms are.</summary>
internal static class HookedTransformerWeights
{
    /// <summary>Finds them.</summary>
    public static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        (int dModel, int heads, int keyHeads, int dHead) = (network.DModel, network.Heads, network.KeyValueHeads, network.DHead);
        bool isFolded = network.AppliedProcessing.Contains("fold_ln");
        WeightMatrix embedding = weights.Matrix("embed.W_E", network.Vocabulary, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"blocks.{layer}";

            // Where heads share keys and values, those are kept under names of their own.
            string shared = keyHeads == heads ? "" : "_";
            AttentionWeights attention = new(
                Heads($"{name}.attn", "", "Q", heads),
                Heads($"{name}.attn", shared, "K", keyHeads),
                Heads($"{name}.attn", shared, "V", keyHeads),
                new LinearWeights(weights.Joined($"{name}.attn.W_O", dModel, heads, dHead, dModel), Bias($"{name}.attn.b_O", dModel)))
            {
                QueryNorm = network.QueryKeyNorm == QueryKeyNorm.None ? null : new NormWeights(weights.Vector($"{name}.attn.q_norm.w", dHead)),
                KeyNorm = network.QueryKeyNorm == QueryKeyNorm.None ? null : new NormWeights(weights.Vector($"{name}.attn.k_norm.w", dHead)),
            };
            blocks[layer] = new BlockWeights(attention, network.AttentionOnly ? null : Mlp($"{name}.mlp"))
            {
                AttentionNorm = Norm($"{name}.ln1", isFolded),
                AttentionPostNorm = network.PostNorms ? Norm($"{name}.ln1_post", false) : null,
                MlpNorm = network.AttentionOnly ? null : Norm($"{name}.ln2", isFolded),
                MlpPostNorm = network.PostNorms && !network.AttentionOnly ? Norm($"{name}.ln2_post", false) : null,
            };
        }

        LinearWeights head = new(weights.Matrix("unembed.W_U", network.Vocabulary, dModel, transposed: true), Bias("unembed.b_U", network.Vocabulary));
        NetworkWeights result = new(embedding, blocks, head)
        {
            Positions = network.Positions is PositionKind.Learned or PositionKind.Shortformer ? weights.Matrix("pos_embed.W_pos", network.Context, dModel) : null,
            EmbeddingNorm = network.EmbeddingNorm ? Norm("embed.ln", false) : null,
            FinalNorm = Norm("ln_final", isFolded),
        };
        weights.Finish(".attn.mask", ".attn.IGNORE", ".attn.rotary_sin", ".attn.rotary_cos");
        return result;

        LinearWeights Heads(string name, string prefix, string part, int count) => new(
            HeadRows(weights.Take($"{name}.{prefix}W_{part}", count, dModel, dHead)), Bias($"{name}.{prefix}b_{part}", count, dHead));

        MlpWeights Mlp(string name)
        {
            WeightVector? inner = Bias($"{name}.b_in", network.DMlp);
            if (network.GatedMlp && inner is not null && inner.Float64.ContainsAnyExcept(0))
            {
                throw CutawayException.Model($"'{name}.b_in' is not zero, and TransformerLens adds it behind the product of a gated MLP, where no other implementation has a bias; convert the original model");
            }

            return new MlpWeights(
                new LinearWeights(weights.Matrix($"{name}.W_in", network.DMlp, dModel, transposed: true), network.GatedMlp ? null : inner),
                new LinearWeights(weights.Matrix($"{name}.W_out", dModel, network.DMlp, transposed: true), Bias($"{name}.b_out", dModel)),
                network.GatedMlp ? new LinearWeights(weights.Matrix($"{name}.W_gate", network.DMlp, dModel, transposed: true)) : null);
        }

        WeightVector? Bias(string name, params ReadOnlySpan<int> shape) => weights.Has(name) ? weights.Vector(name, shape) : null;

        NormWeights? Norm(string stem, bool folded) => network.Norm == NormKind.None
            ? null
            : folded ? new NormWeights(null) : new NormWeights(weights.Vector($"{stem}.w", dModel), network.Norm == NormKind.Layer ? Bias($"{stem}.b", dModel) : null);
    }

    // [head, d_model, d_head] cannot be seen as rows of one stride, so these matrices are copied, as they are stored, to
    // [d_model, head · d_head]: so a head's row stays in one piece, and copying is as fast as memory.
    private static unsafe WeightMatrix HeadRows(StoredTensor tensor)
    {
        if (!tensor.Type.IsWeight())
        {
            throw CutawayException.Model($"tensor '{tensor.Name}' in {tensor.Source} holds {tensor.Type}; floating-point numbers were expected");
        }

        (long heads, long dModel, long dHead) = (tensor.Shape[0], tensor.Shape[1], tensor.Shape[2]);
        int size = tensor.Type.BytesPerBlock();
        NativeBuffer<byte> turned = new(tensor.ByteLength);
        StridedCopy.Gather([dModel, heads, dHead], [dHead * size, dModel * dHead * size, size], size, tensor.Data, turned.Pointer);
        GC.KeepAlive(tensor);
        return WeightMatrix.FromMemory(turned, turned.Pointer, tensor.Type, (int)dModel, (int)(heads * dHead), transposed: true);
    }
}
