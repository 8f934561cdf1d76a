using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Transformers without MLPs under TransformerLens's parameter names (Elhage et al. 2021): norm LN, LNPre (folded) or none;
/// positions standard, shortformer or none. Biases may be absent.
/// </summary>
internal static class AttentionOnly
{
    /// <summary>What <c>format</c> says in configurations that name no architecture.</summary>
    public const string Format = "TransformerLens parameter names";

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("AttentionOnlyTransformer", "attention_only", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        if (!config.Flag("attn_only", absent: true))
        {
            throw config.Fault("attn_only", "false", "of models under these parameter names only those without MLPs are supported");
        }

        int layers = config.Size(Limits.Layers, "n_layers");
        int dModel = config.Size(Limits.Width, "d_model");
        int heads = config.Size(Limits.Width, "n_heads");
        int dHead = config.OptionalSize(Limits.Width, "d_head") ?? HeadShape.Divide(config, "n_heads", heads, "d_model", dModel);
        _ = new HeadShape(heads, heads, dHead).Checked(config, "d_head");
        NormKind norm = (config.OptionalText("normalization_type") ?? "none") switch
        {
            "LN" or "LNPre" => NormKind.Layer,
            "none" or "None" => NormKind.None,
            string other => throw config.Fault("normalization_type", Quote.Name(other), "known are LN, LNPre and none"),
        };
        double scale = config.Flag("use_attn_scale", absent: true) ? config.OptionalPositive("attn_scale") ?? Math.Sqrt(dHead) : 1;
        return new NetworkConfig
        {
            Architecture = Family.Name,
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = 0,
            Vocabulary = config.Size(Limits.Vocabulary, "d_vocab"),
            Context = config.Size(Limits.Vocabulary, "n_ctx"),
            Norm = norm,
            NormEpsilon = norm == NormKind.None ? 1e-5 : config.Positive("eps"),
            Positions = config.Text("positional_embedding_type") switch
            {
                "standard" => PositionKind.Learned,
                "shortformer" => PositionKind.Shortformer,
                "none" => PositionKind.None,
                string other => throw config.Fault("positional_embedding_type", Quote.Name(other), "known are standard, shortformer and none"),
            },
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / scale }, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        (int dModel, int heads, int dHead) = (network.DModel, network.Heads, network.DHead);
        bool folded = config.OptionalText("normalization_type") == "LNPre";
        WeightMatrix embedding = weights.Matrix("embed.W_E", network.Vocabulary, dModel);
        WeightMatrix? positions = network.Positions == PositionKind.None ? null : weights.Matrix("pos_embed.W_pos", network.Context, dModel);
        BlockWeights[] blocks = new BlockWeights[network.Layers];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            string name = $"blocks.{layer}.attn";
            AttentionWeights attention = new(
                Heads(name, "Q"),
                Heads(name, "K"),
                Heads(name, "V"),
                new LinearWeights(weights.Joined($"{name}.W_O", dModel, heads, dHead, dModel), Bias($"{name}.b_O", dModel)));
            blocks[layer] = new BlockWeights(attention, null) { AttentionNorm = Norm($"blocks.{layer}.ln1") };
        }

        LinearWeights head = new(weights.Matrix("unembed.W_U", network.Vocabulary, dModel, transposed: true), Bias("unembed.b_U", network.Vocabulary));
        NetworkWeights result = new(embedding, blocks, head) { Positions = positions, FinalNorm = Norm("ln_final") };
        weights.Finish(".attn.mask", ".attn.IGNORE");
        return result;

        LinearWeights Heads(string name, string part) => new(
            HeadRows(weights.Take($"{name}.W_{part}", heads, dModel, dHead)),
            Bias($"{name}.b_{part}", heads, dHead));

        WeightVector? Bias(string name, params ReadOnlySpan<int> shape) => weights.Has(name) ? weights.Vector(name, shape) : null;

        NormWeights? Norm(string stem) => network.Norm == NormKind.None
            ? null
            : folded ? new NormWeights(null) : new NormWeights(weights.Vector($"{stem}.w", dModel), weights.Vector($"{stem}.b", dModel));

        // [head, d_model, d_head] cannot be seen as rows of one stride, so these matrices are copied: the models are small.
        WeightMatrix HeadRows(StoredTensor tensor)
        {
            double[] stored = tensor.ToDoubles();
            double[] rows = new double[stored.Length];
            for (int h = 0; h < heads; h++)
            {
                for (int d = 0; d < dModel; d++)
                {
                    for (int e = 0; e < dHead; e++)
                    {
                        rows[(((h * dHead) + e) * dModel) + d] = stored[(((h * dModel) + d) * dHead) + e];
                    }
                }
            }

            return tensor.Type == ElementType.Float64
                ? WeightMatrix.FromArray(rows, heads * dHead, dModel)
                : WeightMatrix.FromArray(Array.ConvertAll(rows, value => (float)value), heads * dHead, dModel);
        }
    }
}
