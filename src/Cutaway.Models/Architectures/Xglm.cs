using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>XGLM (Lin et al. 2022): OPT with a scaled embedding and positions that are sines and cosines, which the checkpoint does not store.</summary>
internal static class Xglm
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("XGLMForCausalLM", "xglm", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = FairseqDecoder.Configure(config, "XGLMForCausalLM", ("num_layers", "d_model", "attention_heads", "ffn_dim", "activation_function"));
        return network with { EmbeddingScale = FairseqDecoder.EmbeddingScale(config, network) };
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
                (double sine, double cosine) = Math.SinCos((position + FairseqDecoder.PositionOffset) * Math.Exp(-i * Math.Log(10000) / (half - 1)));
                values[(position * network.DModel) + i] = (float)sine;
                values[(position * network.DModel) + half + i] = (float)cosine;
            }
        }

        return FairseqDecoder.Map(network, weights, "model.", "layer_norm", "lm_head.weight", WeightMatrix.FromArray(values, network.Context, network.DModel));
    }
}
