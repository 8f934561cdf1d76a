using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Command R (Cohere 2024): both parts read the block's input through one norm without bias, neighbours are rotated together, logits are scaled.</summary>
internal static class Cohere
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "CohereForCausalLM",
        "cohere",
        config => Configure(config, "CohereForCausalLM") with { QueryKeyNorm = config.Flag("use_qk_norm", absent: false) ? QueryKeyNorm.EachHead : QueryKeyNorm.None },
        Map);

    /// <summary>Reads the keys that Command R7B (<c>cohere2</c>) shares; every layer rotates until it says otherwise.</summary>
    internal static NetworkConfig Configure(ConfigReader config, string architecture) =>
        DecoderConfig.Configure(config, architecture, tied: true, norm: NormKind.Layer, epsilon: "layer_norm_eps").WithLayers(config, interleaved: true) with
        {
            Block = BlockKind.ParallelSharedNorm,
            QueryKeyNormKind = NormKind.Layer,
        };

    /// <summary>Finds the weights.</summary>
    internal static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout
        {
            ProjectionBias = bias,
            OutputBias = bias,
            Norms = ("input_layernorm", null),
            LogitScale = config.Positive("logit_scale"),
        }.Map(network, weights);
    }
}
