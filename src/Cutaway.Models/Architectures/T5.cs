using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// T5 and FLAN-T5 (Raffel et al. 2020; Chung et al. 2022): an encoder and a decoder that reads its output, RMS norms, no
/// biases, unscaled scores with a learned bias by distance that all layers of a stack share, MLPs gated or not.
/// </summary>
internal static class T5
{
    private const int UsualContext = 512;
    private const int UsualMaxDistance = 128;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("T5ForConditionalGeneration", "t5", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_layers");
        int buckets = config.Size(Limits.Width, "relative_attention_num_buckets");
        if (buckets < 4 || buckets % 2 != 0)
        {
            throw config.Fault("relative_attention_num_buckets", buckets, "an even number of at least 4 was expected");
        }

        int farthest = config.OptionalSize(Limits.Context, "relative_attention_max_distance") ?? UsualMaxDistance;
        if (farthest <= buckets / 2)
        {
            throw config.Fault("relative_attention_max_distance", farthest, $"more than half of 'relative_attention_num_buckets' ({buckets}) was expected");
        }

        HeadShape heads = new HeadShape(config.Size(Limits.Width, "num_heads"), config.Size(Limits.Width, "num_heads"), config.Size(Limits.Width, "d_kv")).Checked(config, "d_kv");

        // "gated-gelu" means the tanh form, "gelu" alone the exact one.
        string mlp = config.Text("feed_forward_proj");
        bool gated = mlp.StartsWith("gated-", StringComparison.Ordinal);
        string activation = mlp == "gated-gelu" ? "gelu_new" : gated ? mlp["gated-".Length..] : mlp;
        NetworkConfig encoder = new()
        {
            Architecture = "T5ForConditionalGeneration",
            Layers = layers,
            DModel = config.Size(Limits.Width, "d_model"),
            Heads = heads.Heads,
            KeyValueHeads = heads.Heads,
            DHead = heads.Width,
            DMlp = config.Size(Limits.Width, "d_ff"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.OptionalSize(Limits.Context, "n_positions") ?? UsualContext,
            Norm = NormKind.Rms,
            NormEpsilon = config.Positive("layer_norm_epsilon"),
            Positions = PositionKind.None,
            ScoreBuckets = new RelativeBuckets(buckets, farthest, BothWays: true),
            Causal = false,
            Activation = ActivationNames.Parse(activation) ?? throw config.Fault("feed_forward_proj", Quote.Name(mlp), "an activation such as relu, or gated-gelu, was expected"),
            GatedMlp = gated,
            TiedEmbedding = true,
            LayerConfigs = Layers(layers),
        };
        int decoderLayers = config.OptionalSize(Limits.Layers, "num_decoder_layers") ?? layers;
        return encoder with
        {
            Layers = decoderLayers,
            ScoreBuckets = encoder.ScoreBuckets with { BothWays = false },
            Causal = true,
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = Layers(decoderLayers),
            Encoder = encoder,
            StartToken = config.OptionalCount(encoder.Vocabulary - 1, "decoder_start_token_id")
                ?? throw config.Fault("decoder_start_token_id", "missing", "the token that the decoder begins with was expected"),
        };

        static LayerConfig[] Layers(int count) => [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 }, count)];
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        NetworkConfig encoder = network.Encoder!;
        WeightMatrix embedding = weights.Matrix("shared.weight", network.Vocabulary, network.DModel);
        double scale = config.Flag("scale_decoder_outputs", absent: network.TiedEmbedding) ? 1 / Math.Sqrt(network.DModel) : 1;
        NetworkWeights result = Stack("decoder", network, weights.Head("lm_head.weight", network, embedding), scale) with
        {
            // Nothing reads an unembedding of the encoder; it has the embedding's, as a lens would.
            Encoder = Stack("encoder", encoder, new LinearWeights(embedding), 1),
        };
        weights.Finish("coder.embed_tokens.weight", "EncDecAttention.relative_attention_bias.weight");
        return result;

        NetworkWeights Stack(string name, NetworkConfig stack, LinearWeights unembedding, double factor) =>
            new(embedding, [.. Enumerable.Range(0, stack.Layers).Select(layer => Block(stack, weights, $"{name}.block.{layer}.layer"))], unembedding)
            {
                ScoreBias = weights.Matrix($"{name}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", stack.ScoreBuckets!.Count, stack.Heads),
                FinalNorm = weights.FinalNorm($"{name}.final_layer_norm", stack.DModel, bias: false, factor),
            };
    }

    private static BlockWeights Block(NetworkConfig stack, WeightReader weights, string name)
    {
        bool crosses = stack.Encoder is not null;
        int mlp = crosses ? 2 : 1;
        string dense = $"{name}.{mlp}.DenseReluDense";
        return new BlockWeights(
            Attention($"{name}.0.SelfAttention"),
            new MlpWeights(
                Linear(stack.GatedMlp ? $"{dense}.wi_1" : $"{dense}.wi", stack.DMlp, stack.DModel),
                Linear($"{dense}.wo", stack.DModel, stack.DMlp),
                stack.GatedMlp ? Linear($"{dense}.wi_0", stack.DMlp, stack.DModel) : null))
        {
            AttentionNorm = Norm(0),
            Cross = crosses ? Attention($"{name}.1.EncDecAttention") : null,
            CrossNorm = crosses ? Norm(1) : null,
            MlpNorm = Norm(mlp),
        };

        AttentionWeights Attention(string part)
        {
            int width = stack.Heads * stack.DHead;
            return new(Linear($"{part}.q", width, stack.DModel), Linear($"{part}.k", width, stack.DModel), Linear($"{part}.v", width, stack.DModel), Linear($"{part}.o", stack.DModel, width));
        }

        LinearWeights Linear(string stem, int outputs, int inputs) => weights.Linear(stem, outputs, inputs, bias: false);

        NormWeights Norm(int part) => weights.Norm($"{name}.{part}.layer_norm", stack.DModel, bias: false);
    }
}
