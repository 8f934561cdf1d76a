using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>XGLM (Lin et al. 2022): OPT with a scaled embedding and positions that are sines and cosines, which the checkpoint does not store.</summary>
internal static class Xglm
{
    private const int PositionOffset = 2;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("XGLMForCausalLM", "xglm", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_layers");
        int dModel = config.Size(Limits.Width, "d_model");
        int heads = config.Size(Limits.Width, "attention_heads");
        int dHead = HeadShape.Divide(config, "attention_heads", heads, "d_model", dModel);
        return new NetworkConfig
        {
            Architecture = "XGLMForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.Size(Limits.Width, "ffn_dim"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_position_embeddings"),
            Norm = NormKind.Layer,
            Positions = PositionKind.Learned,
            EmbeddingScale = config.Flag("scale_embedding", absent: true) ? Math.Sqrt(dModel) : 1,
            Activation = ActivationNames.Read(config, "activation_function"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        float[] values = new float[network.Context * network.DModel];
        int half = network.DModel / 2;
        for (int position = 0; position < network.Context; position++)
        {
            for (int i = 0; i < half; i++)
            {
                // Half of the dimensions are sines, half cosines, of wavelengths that reach 10,000 with the last pair (Vaswani et al. 2017, section 3.5, as tensor2tensor has it).
                (double sine, double cosine) = Math.SinCos((position + PositionOffset) * Math.Exp(-i * Math.Log(10000) / (half - 1)));
                values[(position * network.DModel) + i] = (float)sine;
                values[(position * network.DModel) + half + i] = (float)cosine;
            }
        }

        return Opt.Map(network, weights, "model.", "layer_norm", "lm_head.weight", WeightMatrix.FromArray(values, network.Context, network.DModel));
    }
}
